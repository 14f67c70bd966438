# %% [markdown]
# <!-- translated from examples/07_your_own_pictures.py at 5b7c742e5c76 -->
# # 7. Gambar Anda sendiri: sebuah tugas
#
# Kumpulkan gambar, latih sebuah GAN dengannya, lalu serahkan selembar sampel bertanda tangan, sebuah film pendek,
# dan laporan. Notebook ini mula-mula mengerjakan semuanya dengan gambar bawaan. Setelah itu Anda mengubah **dua
# baris**, dan hal yang sama dikerjakan dengan gambar Anda.
#
# Waktunya sekitar lima menit di dua inti CPU. Untuk gambar Anda sendiri, beri waktu lebih lama: sepuluh menit, atau
# tiga puluh. Kalau sebuah sel menampilkan `NameError`, jalankan dulu sel-sel di atasnya.

# %%
# Di notebook daring, sel ini memasang Ganvas. Kalau Ganvas sudah terpasang, tidak terjadi apa-apa.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %%
from pathlib import Path

from IPython.display import Image as Film
from PIL import Image, ImageDraw, ImageFont
from torch.nn.functional import pad
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

import ganvas
from ganvas import builtin
from ganvas.config import SignConfig, WalkConfig
from ganvas.events import Done, Note, Step, Verdict
from ganvas.signature import Signature

# %% [markdown]
# ## Inilah barisnya
#
# 1. Tulis lokasi folder Anda di sini, di antara tanda kutip: `PICTURES = "C:/Users/me/Pictures/leaves"`. Di Windows,
#    tulis `/` di tempat garis miring terbalik. `"leaves"` saja berarti folder di samping notebook ini. Subfolder ikut
#    dibaca, dan berkas .zip juga boleh. Untuk foto HEIC, seperti yang dibuat iPhone: `pip install "ganvas[heic]"`. Di
#    notebook daring, unggah dulu sebuah .zip, lalu tulis namanya.
# 2. `MINUTES = 10`, atau lebih.
#
# Untuk gambar lain atau jumlah menit lain, beri juga `OUT` nama lain: satu folder untuk satu pelatihan.
#
# **Punya MNIST?** `PICTURES = "train-images-idx3-ubyte.gz"`.

# %% tags=["parameters"]
PICTURES = builtin.people()  # emoji orang
MINUTES = 3  # lamanya pelatihan
OUT = "my-run"  # tempat hasilnya
SAMPLES = 500  # yang dibandingkan dengan gambar asli; 2000 supaya angkanya lebih pasti
FILM_SECONDS = 4

# %% [markdown]
# ## Apa yang perlu diperhatikan pada kumpulan gambar
#
# GAN mempelajari apa *kesamaan* gambar Anda, dan bagaimana *perbedaannya*. Jadi, sebelum melatih:
#
# | tanyakan | sebab |
# | --- | --- |
# | Apakah semuanya memperlihatkan hal yang sejenis? | Seratus daun adalah satu kumpulan. Seratus foto liburan bukan |
# | Apakah jumlahnya cukup? | Paling sedikit 16. Dengan 200 GAN bisa belajar. Mulai 500 ada keragaman, 2000 lebih baik |
# | Apakah bendanya di tengah, dan kira-kira sama besar? | Yang letaknya selalu berubah paling sulit dipelajari |
# | Adakah salinan, atau sepuluh jepretan dari satu adegan? | Tidak mengajarkan hal baru, dan akan dihafal |
# | Apakah latarnya tenang? | Apa pun yang ada di latar harus ikut dipelajari |
# | Bolehkah Anda memakainya? | Minta izin sebelum melatih dengan wajah orang. Periksa lisensi gambar temuan |
#
# Kalau jawaban pertama "tidak", ambil satu jenis saja, walaupun tinggal 60 gambar. Atau teruskan saja, dan harapkan
# suasana dan warna, bukan benda. Tidak ada program yang bisa memberi tahu Anda soal itu.
#
# `ganvas.inspect` menjawab pertanyaan yang dapat dijawab sebuah program. Ia tidak mengubah apa-apa.
#
# **Tebak dulu.** Tentang gambar orang bawaan itu: berapa jumlahnya, dan apakah akan ditemukan salinan?

# %%
found = ganvas.inspect(PICTURES)
print(f"{found.usable} of {found.count} pictures can be used; {found.duplicates} are exact copies of another.")
print(f"In a sample of {found.sample}, {found.look_alikes} look like another, {found.blank} are blank.")
for file in found.broken[:10]:
    print(f"Cannot be read: {file.name}, {file.reason}")
for warning in found.warnings:
    print("Look out:", warning)

# %% [markdown]
# Di antara orang bawaan itu tidak ada salinan yang persis sama, tetapi banyak yang mirip. Begitu pula di kumpulan mana
# pun yang bendanya serupa.
#
# Apa yang akan dilatih, dan mengapa? Anda tidak perlu memahami semuanya. Sekarang hanya dua baris yang penting: *size*
# (ukuran), dan apa yang didapat dengan waktu dua kali lipat. Resep (recipe), batch, penalti, dan augmentasi dibahas di
# notebook 2 sampai 5. Kata seperti `--fit pad` adalah opsi. Di sini opsi itu ditulis `fit="pad"`:
# `ganvas.plan(PICTURES, minutes=MINUTES, fit="pad")`, begitu pula di `ganvas.train` di bawah.

# %%
plan = ganvas.plan(PICTURES, minutes=MINUTES)
for decision in plan.decisions:
    print(decision.words)
print(f"In twice the time: {plan.double_time}.")

# %% [markdown]
# **Pertanyaan 1.** Gambar mana yang akan Anda keluarkan, dan mengapa?
#
# <details>
# <summary>Jawaban</summary>
#
# Gambar yang oleh orang lain akan ditaruh di tumpukan lain: satu-satunya lukisan di antara foto, satu-satunya foto
# bersama di antara potret seorang diri. Keluarkan yang rusak, kabur, atau terpotong. Jangan keluarkan yang sekadar
# tidak biasa. Kalau itu ikut dikeluarkan, generator hanya akan menggambar yang biasa-biasa saja.
#
# </details>
#
# ## Melatih
#
# Berhentilah kapan saja Anda mau (tombol kotak di bilah alat, sekali saja): langkahnya diselesaikan, dan hasilnya
# disimpan. Jalankan lagi selnya, dan pelatihan berlanjut. Pendamping (coach) mengawasinya. Kalau ada yang tidak beres,
# ia mengatakannya, lalu memperbaikinya. Mula-mula kecepatan komputer ini diukur, dan sebentar tidak ada kabar.

# %%
told = 0.0
for event in ganvas.train(PICTURES, OUT, minutes=MINUTES):
    if isinstance(event, Note):
        print(event.text)
    elif isinstance(event, Verdict):
        print(f"after {event.images_seen:,} images: {event.name}. {event.what}")
    elif isinstance(event, Step) and event.seconds >= told + 30:
        told = event.seconds
        print(f"{event.progress:.0%}: {event.images_seen:,} images seen")
    elif isinstance(event, Done):
        print(f"{event.reason} after {event.images_seen:,} images")

# %% [markdown]
# Belum cukup? `for event in ganvas.train(None, OUT, minutes=10): pass` menambahnya sepuluh menit.
#
# Bagaimana jalannya? Inilah lembar sampel dari pelatihan: satu dari awal, satu dari tengah, dan yang terakhir.
# (Pelatihan yang singkat punya lebih sedikit.) Setiap petak selalu memakai laten (latent) yang sama, yaitu bilangan
# yang menjadi asal gambarnya, jadi Anda dapat mengikuti bagaimana satu gambar terbentuk.

# %% alt="16 sampel yang sama di awal, di tengah, dan di akhir pelatihan: dari bercak menjadi gambar yang jelas"
grids = sorted((Path(OUT) / "samples").glob("*.png"))
assert grids, "Belum ada lembar sampel: latih dulu, atau latih lebih lama."
shown = [grids[at] for at in sorted({0, len(grids) // 2, len(grids) - 1})]
print("steps:", *[int(grid.stem) for grid in shown])
story = Image.new("RGB", (len(shown) * 264 - 8, 256), "white")
for at, path in enumerate(shown):
    grid = Image.open(path).convert("RGB")
    grid = grid.crop((0, 0, grid.width // 2, grid.height // 2)).resize((256, 256))
    story.paste(grid, (at * 264, 0))
story

# %% [markdown]
# ## Baguskah hasilnya?
#
# Lihat dulu: gambar acak, bukan yang terbaik. Ini gambar dari benih (seed) 0 sampai 31, baris demi baris. Satu benih
# mewakili satu laten: benih yang sama memberi gambar yang sama. Catat benih gambar yang Anda sukai.

# %% alt="32 sampel acak: kebanyakan kepala yang jelas, beberapa tidak utuh"
pictures = ganvas.load(OUT).sample(seeds=range(32))
to_pil_image(make_grid(pictures, 8, padding=4, pad_value=255))

# %% [markdown]
# Baru sesudah itu ukur. Hanya kalimat terakhir yang berbicara tentang salinan: gambar yang kabur pun dekat dengan
# semuanya.

# %%
result = ganvas.evaluate(OUT, count=SAMPLES)
print(*result.summary, sep="\n")

# %% [markdown]
# Setelah pelatihan sesingkat itu, angkanya masih buruk. Kalimat mana yang sesuai dengan apa yang Anda lihat sendiri?
#
# Laporan memuat semuanya di satu halaman: sampel di samping gambar asli, skor (score), gambar asli terdekat untuk
# setiap sampel, jalannya pelatihan, dan apa yang dilakukan pendamping. Laporan ini bisa dibuka di peramban apa pun,
# tanpa internet. Di notebook daring, unduhlah.

# %%
print(ganvas.write_report(OUT))

# %% [markdown]
# **Pertanyaan 2.** Skor Anda lebih bagus daripada skor teman sebangku Anda. Apakah GAN Anda lebih bagus?
#
# <details>
# <summary>Jawaban</summary>
#
# Belum tentu, kalau gambarnya berbeda, atau jumlah sampelnya, atau ukurannya. Skor membandingkan dua pelatihan dengan
# gambar yang *sama*. Lagi pula, skor GAN yang menyalin gambarnya akan luar biasa bagus: lihat bagian "Does it copy?"
# (apakah menyalin?) di laporannya. Selengkapnya di notebook 8.
#
# </details>
#
# ## Penjelajahan
#
# Setiap gambar digambar dari bilangan, dan bilangan yang berdekatan menghasilkan gambar yang serupa. Jadi kita bisa
# berjalan-jalan dari satu gambar ke gambar berikutnya. Inilah penjelajahan (walk). Filmnya berakhir di tempat ia
# bermula. Di sini ada tiga penjelajahan berdampingan. Untuk gambar yang Anda sukai, sebutkan benihnya (seed), dan hapus
# grid-nya: `ganvas.walk(OUT, "walk.gif", WalkConfig(seconds=6), seeds=[3, 7, 20])`.

# %% alt="Film: tiga gambar berubah menjadi gambar lain, dan akhirnya kembali ke yang pertama"
events = list(ganvas.walk(OUT, "walk.gif", WalkConfig(seconds=FILM_SECONDS, fps=8, size=96, grid="3x1", seed=3)))
Film(filename="walk.gif")

# %% [markdown]
# Dengan `pip install "ganvas[video]"`, filmnya juga bisa berupa .mp4, dan bergerak mengikuti musik: docs/latents.md.
#
# ## Lembar bertanda tangan
#
# Tulis nama Anda di kertas putih, potret, lalu tulis lokasi fotonya sebagai ganti `"signature.png"`. Kertasnya menjadi
# transparan dengan sendirinya. Selama belum ada, nama yang diketik pun boleh.

# %%
SIGNATURE = "signature.png"
if not Path(SIGNATURE).exists():
    print(f"Tidak ada {SIGNATURE} di sini. Nama yang diketik menggantikannya.")
    SIGNATURE = "printed-name.png"
    paper = Image.new("RGB", (360, 120), "white")
    ImageDraw.Draw(paper).text((30, 20), "my name", fill="navy", font=ImageFont.load_default(72))
    paper.save(SIGNATURE)

# %% alt="Lembar berisi 32 gambar buatan generator, dengan tanda tangan biru di kanan bawah"
pictures = ganvas.load(OUT).sample(32, seed=1)
sheet = make_grid(pictures, 8, padding=4, pad_value=255)
sheet = pad(sheet, (40, 40, 40, 40), value=255)  # tepi
signature = Signature(SignConfig(SIGNATURE, sign_size=0.25, sign_margin=0.02))
signed = to_pil_image(signature.stamp(sheet))
signed.save("sheet.png")
signed

# %% [markdown]
# ## Yang Anda serahkan
#
# 1. `sheet.png`, bertanda tangan.
# 2. `walk.gif`.
# 3. `my-run/report.html`.
# 4. Setengah halaman: apa kesamaan gambar Anda, apa yang lebih dulu dipelajari generator, apa yang tidak pernah
#    dipelajarinya, dan apakah ia menyalin. Apa kata pendamping? (Kalau hanya "warming up", pelatihannya terlalu
#    singkat.) Apa yang akan Anda lakukan dengan waktu dua kali lipat?
#
# ## Coba rusakkan
#
# 1. Latih dengan 30 gambar saja (`limit=30`, dan `OUT` yang lain). Apa isi bagian "Does it copy?" di laporannya
#    sekarang?
# 2. Campur dua kumpulan dalam satu folder: daun dan kucing. Apa yang digambarnya di antara keduanya?
# 3. Isi separuh folder Anda dengan gambar yang sama, dengan nama yang lain. Apa kata `ganvas.inspect`?
# 4. Minta ukuran setingkat lebih besar daripada yang direncanakan (`size=`). Apa akibatnya?
#
# <details>
# <summary>Apa yang akan terjadi</summary>
#
# 1. Dengan gambar sesedikit itu, apa yang digambarnya sangat bergantung pada gambar Anda, dan cepat atau lambat menjadi
#    salinan. Mungkin pendamping yang lebih dulu mengatakannya.
# 2. Sebagian daun, sebagian kucing, dan di antaranya hal-hal yang bukan keduanya.
# 3. Ia menghitung salinannya. Pelatihan memperlihatkan setiap gambar satu kali, jadi salinan tidak merugikan, tetapi
#    juga tidak menambah gambar.
# 4. Setiap langkah lebih lama, jadi jumlah langkahnya berkurang dalam waktu yang sama, dan bentuknya lebih buruk.
#
# </details>
#
# Berikutnya: `08_is_it_any_good`.
