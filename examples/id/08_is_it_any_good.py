# %% [markdown]
# <!-- translated from examples/08_is_it_any_good.py at 502adb1e5d7a -->
# # 8. Baguskah hasilnya? Skor, dan cara mengelabuinya
#
# Kerugian (loss) sebuah GAN tidak mengatakan seberapa bagus gambarnya. Manusia dapat menilainya, tetapi lambat, dan
# orang cenderung menyukai buatannya sendiri. Karena itu ada skor (score). Setiap skor melihat sesuatu, dan buta
# terhadap hal lain.
#
# Anda akan menulis skor yang paling terkenal dalam sepuluh baris. Setelah itu Anda berperan sebagai si curang: Anda
# membuat lima kumpulan gambar yang masing-masing punya cacat, lalu melihat skor mana yang terkecoh. Tidak ada yang
# dilatih di sini. Waktunya sekitar satu menit di dua inti CPU.

# %%
# Di notebook daring, sel ini memasang Ganvas. Kalau Ganvas sudah terpasang, tidak terjadi apa-apa.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
COUNT = 480  # gambar dalam setiap kumpulan; separuh dari semua orang

# %%
import tempfile
import zipfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageFilter

import ganvas
from ganvas import builtin

rng = np.random.default_rng(0)
FOLDER = Path(tempfile.mkdtemp(prefix="scores-", dir="."))

people = []
with zipfile.ZipFile(builtin.people()) as file:
    for name in sorted(file.namelist()):
        if name.endswith(".png"):
            person = Image.open(file.open(name)).convert("RGBA")
            person = Image.alpha_composite(Image.new("RGBA", person.size, "white"), person)
            people.append(person.convert("RGB").resize((32, 32), Image.Resampling.LANCZOS))
order = rng.permutation(len(people))
real = [people[at] for at in order[:COUNT]]
others = [people[at] for at in order[-COUNT:]]

# %% [markdown]
# ## Lima yang curang, satu yang jujur
#
# Anggaplah separuh dari orang-orang itu *gambar asli* yang dipakai melatih sebuah GAN. Apa yang akan digambar GAN
# terbaik di dunia? Orang sejenis yang belum pernah dilihatnya: *separuh yang lain*. Selain itu, ada lima kumpulan
# yang tidak pantas dipuji.
#
# | kumpulan | isinya |
# | --- | --- |
# | other half | separuh yang lain: orang asli yang belum dikenal; tidak bisa lebih baik lagi |
# | blurred | separuh yang lain, dikaburkan |
# | noisy | separuh yang lain, diberi derau (noise) |
# | few | hanya dua belas orang dari separuh yang lain, diulang-ulang, masing-masing sedikit digeser |
# | one kind | satu jenis: seperempat dari separuh yang lain, yang paling terang, masing-masing sekitar empat kali |
# | copied | gambar asli itu sendiri, sedikit dilembutkan, seperti buatan GAN yang menghafalnya |


# %%
def shifted(picture):
    """Kembalikan gambar yang digeser paling jauh satu piksel."""
    right, down = rng.uniform(-1, 1, 2)
    how = (1, 0, right, 0, 1, down)
    return picture.transform(picture.size, Image.Transform.AFFINE, how, Image.Resampling.BILINEAR, fillcolor="white")


def noisy(picture):
    """Kembalikan gambar yang diberi derau."""
    pixels = np.asarray(picture, dtype=float)
    return Image.fromarray((pixels + rng.normal(0, 20, pixels.shape)).clip(0, 255).astype(np.uint8))


light = sorted(others, key=lambda picture: -np.asarray(picture).mean())[: COUNT // 4]
sets = {
    "other half": others,
    "blurred": [picture.filter(ImageFilter.GaussianBlur(1.2)) for picture in others],
    "noisy": [noisy(picture) for picture in others],
    "few": [shifted(others[at % 12]) for at in range(COUNT)],
    "one kind": [shifted(light[at % len(light)]) for at in range(COUNT)],
    "copied": [picture.filter(ImageFilter.GaussianBlur(0.3)) for picture in real],
}
for name, pictures in {"real": real, **sets}.items():
    (FOLDER / name).mkdir()
    for at, picture in enumerate(pictures):
        picture.save(FOLDER / name / f"{at:04}.png")

# %% alt="Enam baris orang: apa adanya, kabur, berderau, dua belas yang sama, yang terang, dan salinan gambar asli"
rows = [np.hstack([np.asarray(picture) for picture in pictures[:16]]) for pictures in sets.values()]
Image.fromarray(np.vstack(rows)).resize((16 * 40, len(rows) * 40), Image.Resampling.NEAREST)

# %% [markdown]
# **Tebak dulu.** Tulis sebuah urutan, dari yang terbaik sampai yang terburuk, menurut penilaian *Anda*. Lalu tulis satu
# lagi menurut sebuah program bodoh, yang hanya melihat salinan mungil dari setiap gambar.
#
# ## Skor dalam sepuluh baris
#
# Jarak Frechet (Frechet distance; Heusel dkk. 2017) bekerja begini. Setiap gambar diringkas menjadi beberapa bilangan,
# yaitu **fiturnya** (features). Lalu dua *awan* bilangan dibandingkan: seberapa jauh jarak antara kedua rata-ratanya,
# dan seberapa berbeda sebarannya? Jaraknya 0 kalau kedua awan sama.
#
# Sebagai fitur, kita memakai salinan mungil dari gambarnya, 3 x 3 piksel: jadi 27 bilangan.


# %%
def features(pictures):
    """Kembalikan salinan mungil setiap gambar sebagai satu baris bilangan, (N, 27)."""
    tiny = [np.asarray(picture.resize((3, 3), Image.Resampling.BOX), dtype=float) for picture in pictures]
    return np.stack(tiny).reshape(len(pictures), -1)


def frechet(first, second):
    """Kembalikan jarak Frechet antara dua kumpulan fitur."""
    means = first.mean(0) - second.mean(0)
    one, other = np.cov(first.T), np.cov(second.T)
    # Teras (trace) akar kuadrat sebuah hasil kali sama dengan jumlah akar nilai-nilai eigennya.
    both = np.sqrt(np.linalg.eigvals(one @ other).real.clip(0)).sum()
    return means @ means + np.trace(one) + np.trace(other) - 2 * both


for name, pictures in sets.items():
    print(f"{name:12} {frechet(features(pictures), features(real)):8.0f}")

# %% [markdown]
# **Pertanyaan 1.** Kecurangan mana yang sama sekali tidak terlihat oleh skor ini? Mengapa?
#
# <details>
# <summary>Jawaban</summary>
#
# Gambar yang kabur: salinan mungilnya sama saja dengan sebelumnya. Derau pun hampir tidak terlihat. Sebuah skor hanya
# melihat apa yang terlihat oleh *fiturnya*. Sedangkan kumpulan salinan (copied) mendapat skor yang paling bagus, jauh
# lebih bagus daripada gambar yang jujur. Tentu saja, sebab salinan itu *adalah* awan aslinya.
#
# </details>
#
# ## Hal yang sama dengan mata yang lebih tajam
#
# Untuk fiturnya, `ganvas.evaluate` memakai jaringan (network) yang sudah dilatih dengan satu juta foto. (Kalau
# jaringannya Inception, jaraknya disebut FID.) Ada beberapa skor:
#
# - **Jarak Frechet:** seperti di atas, dengan mata yang lebih tajam.
# - **Presisi (precision):** berapa persen gambar buatan yang bisa dikira asli?
# - **Cakupan (coverage):** berapa persen gambar asli yang punya padanan mirip di kumpulan itu?
# - **Nyaris-kembar (near-duplicates):** berapa persen gambar yang hampir sama dengan gambar lain di kumpulannya
#   sendiri?
# - **Nyaris-salinan (near-copies):** berapa persen gambar yang hampir sama dengan sebuah gambar asli?
# - **Detail halus (fine detail):** apakah sebanyak pada gambar asli?
#
# **Tebak dulu.** Skor mana yang akan menangkap kecurangan mana?

# %%
SHOWN = {"frechet": "Frechet", "precision": "precision", "coverage": "coverage", "near_duplicates": "duplicates",
         "detail": "fine detail"}  # fmt: skip
found = {}
for name in sets:
    result = ganvas.evaluate(FOLDER / name, FOLDER / "real", count=COUNT)
    scores = {score.key: score.value for score in result.scores}
    found[name] = [scores[key] for key in SHOWN] + [result.memorisation.near_copies]

# %% alt="Tabel enam kumpulan dan enam skor; yang merah jauh berbeda dari kumpulan yang jujur"
honest = np.array(found["other half"])
figure, axis = plt.subplots(figsize=(8, 2.6))
axis.axis("off")
titles = [*SHOWN.values(), "near-copies"]
formats = ["{:.0f}", "{:.0%}", "{:.0%}", "{:.0%}", "{:.3f}", "{:.0%}"]
worse = np.array([1, -1, -1, 1, 0, 1])  # 1: makin besar makin buruk
margin = np.array([100, 0.15, 0.15, 0.15, 0.2 * honest[4], 0.15])
colors, cells = [], []
for values in found.values():
    off = np.array(values) - honest
    suspicious = np.where(worse == 0, abs(off), worse * off) > margin
    colors.append(["#f4b6b6" if each else "white" for each in suspicious])
    cells.append([text.format(value) for text, value in zip(formats, values, strict=True)])
table = axis.table(cells, colors, rowLabels=list(found), colLabels=titles, loc="center", cellLoc="center")
table.scale(1, 1.6)
plt.show()

# %% [markdown]
# Yang merah jelas berbeda dari kumpulan yang jujur di baris pertama.
#
# **Pertanyaan 2.** Setiap kecurangan tertangkap oleh sesuatu. Tetapi adakah satu skor yang menangkap semuanya?
#
# <details>
# <summary>Jawaban</summary>
#
# Tidak ada. Jarak Frechet menangkap banyak, tetapi justru memuji salinan: jarak di bawah 0 artinya lebih dekat daripada
# jarak gambar asli satu sama lain. Hanya skor nyaris-salinan yang menangkapnya, dan skor itu tidak menangkap yang lain.
# Jadi, lihatlah beberapa skor, dan selalu tanyakan apakah gambarnya salinan.
#
# </details>
#
# **Pertanyaan 3.** Seseorang menulis, "Jarak Frechet GAN kami 30." Apa yang Anda tanyakan?
#
# <details>
# <summary>Jawaban</summary>
#
# Dengan jaringan apa? Dari berapa gambar? Pada ukuran berapa? Dibandingkan dengan gambar yang mana? Dan berapa jarak
# gambar *asli* dari gambar asli lain, kalau diukur dengan cara yang sama? Tanpa semua itu, 30 tidak berarti apa-apa.
#
# </details>
#
# ## Jumlah gambar mengelabui semua orang
#
# **Tebak dulu.** Dua kelompok dari orang-orang yang *sama* dibandingkan memakai skor buatan kita sendiri, setiap kali
# dengan jumlah yang lebih sedikit. Apa yang terjadi pada jaraknya?

# %% alt="Kurva menurun: makin sedikit gambar yang dibandingkan, makin besar jaraknya, padahal jenisnya sama"
numbers = [count for count in (30, 40, 60, 100, 200, 400) if count <= COUNT]
ours = []
for number in numbers:
    trials = []
    for _ in range(20):
        chosen = rng.permutation(len(people))
        halves = [[people[at] for at in part[:number]] for part in (chosen, chosen[::-1])]
        trials.append(frechet(*map(features, halves)))
    ours.append(np.mean(trials))
plt.figure(figsize=(6, 2.6))
plt.plot(numbers, ours, "o-")
plt.xlabel("pictures in each half")
plt.ylabel("distance")
plt.ylim(0)
plt.show()

# %% [markdown]
# Orang-orangnya sama, tetapi jaraknya turun, hanya karena jumlahnya bertambah. Gambar yang sedikit tidak banyak
# bercerita tentang sebaran sebuah awan, dan itu tampak seperti perbedaan. Karena itu jarak dari 500 gambar tidak dapat
# dibandingkan dengan jarak dari 50 ribu gambar. `ganvas.evaluate` memberikan jarak yang sudah dikoreksi untuk hal ini,
# lengkap dengan intervalnya, di samping jarak gambar asli:

# %%
for score in ganvas.evaluate(FOLDER / "other half", FOLDER / "real", count=COUNT).scores[:3]:
    print(f"{score.name}: {score.value:.3g}, between {score.low:.3g} and {score.high:.3g}")

# %% [markdown]
# ## Coba rusakkan
#
# Jadilah si curang. Buat kumpulan gambar yang menurut Anda buruk, tetapi
#
# 1. jarak Frechet-nya lebih baik daripada separuh yang lain, tanpa satu pun salinan persis;
# 2. presisinya hampir 100 %, sedangkan cakupannya hampir 0;
# 3. jaraknya kecil menurut skor *kita*, padahal tidak ada orang di dalamnya.
#
# <details>
# <summary>Petunjuk</summary>
#
# 1. Gambar asli, sedikit dikaburkan atau diputar.
# 2. Satu orang yang paling biasa, setiap kali digeser sedikit.
# 3. Perbesar lagi salinan mungilnya: `picture.resize((3, 3)).resize((32, 32))`.
#
# </details>
#
# **Punya MNIST?** `ganvas.evaluate(FOLDER, "t10k-images-idx3-ubyte.gz")` membandingkan folder apa pun dengan
# angka-angka ujinya. Untuk hasil pelatihan (run) Anda sendiri: `ganvas.evaluate("runs/mine")`, seperti di notebook 7.
#
# Inilah notebook terakhir dari delapan. docs/evaluation.md menjelaskan apa yang dilihat setiap skor, dan
# docs/troubleshooting.md memuat gambar setiap gangguan.
