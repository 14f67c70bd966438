# %% [markdown]
# <!-- translated from examples/04_how_gans_fall_ill.py at 69b77b5e6d66 -->
# # 4. Ketika GAN sakit
#
# Dua jaringan (network) yang saling mengajari bisa tersesat bersama-sama. Di notebook ini Anda sengaja membuat sebuah
# GAN sakit, dengan lima cara. Setiap kali Anda **menebak** dulu apa yang akan terlihat, **memancing** gangguannya,
# membaca **tanda-tandanya**, lalu **memperbaikinya**: mula-mula sendiri, kemudian lewat pendamping (coach) Ganvas.
#
# `ganvas.Coach` mengawasi loop pelatihan (training loop) apa pun, juga yang Anda tulis sendiri. Sesekali ia mengukur,
# lalu menjelaskan dengan kalimat biasa apa yang tidak beres. Kalau diminta, ia memperbaikinya. Waktunya sekitar tiga
# menit di dua inti CPU.

# %%
# Di notebook daring, sel ini memasang Ganvas. Kalau Ganvas sudah terpasang, tidak terjadi apa-apa.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
STEPS = 1000  # untuk setiap pelatihan
FEW = 64  # gambar, ketika jumlahnya terlalu sedikit

# %%
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

import ganvas

digits = torch.tensor(load_digits().images, dtype=torch.float32)[:, None] / 8 - 1
digits = F.interpolate(digits, scale_factor=2, mode="bicubic").clamp(-1, 1)  # (1797, 1, 16, 16)
digits = digits[torch.randperm(len(digits), generator=torch.Generator().manual_seed(0))]
held_out, digits = digits[:200], digits[200:]  # 200 yang tidak pernah dipakai melatih jaringan


def sheet(*rows):
    """Kembalikan beberapa baris gambar (16, 1, H, W) sebagai satu gambar."""
    grid = to_pil_image(make_grid(torch.cat(rows) * 0.5 + 0.5, 16, padding=1).clamp(0, 1))
    return grid.resize((grid.width * 2, grid.height * 2), resample=0)


# %% [markdown]
# ## Pasiennya
#
# Inilah jaringan dari notebook 1, sekarang di dalam sebuah fungsi dengan beberapa setelan. Perhatikan pendampingnya: ia
# dibuat, ia mengamati setiap langkah (step), ia menganjurkan penanganan kalau diminta, dan anjuran itu diterapkan. Ia
# mengukur kira-kira dua puluh kali dalam setiap pelatihan.


# %%
def train(pictures=digits, g_lr=0.0002, d_lr=0.0002, dropout=0.3, penalty=0.0, shift=0, repair=False):
    """Latih sebuah GAN, cetak apa kata pendamping, dan kembalikan 16 sampel."""
    torch.manual_seed(0)
    generator = nn.Sequential(
        nn.Linear(32, 128), nn.LeakyReLU(0.2),
        nn.Linear(128, 256), nn.LeakyReLU(0.2),
        nn.Linear(256, 256), nn.Tanh(), nn.Unflatten(1, (1, 16, 16)),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Flatten(), nn.Linear(256, 512), nn.LeakyReLU(0.2), nn.Dropout(dropout),
        nn.Linear(512, 128), nn.LeakyReLU(0.2), nn.Dropout(dropout), nn.Linear(128, 1),
    )  # fmt: skip
    optimizers = {
        "generator": torch.optim.Adam(generator.parameters(), g_lr, (0.5, 0.999)),
        "discriminator": torch.optim.Adam(discriminator.parameters(), d_lr, (0.5, 0.999)),
    }
    z = torch.randn(256, 32)
    coach = ganvas.Coach(
        pictures, held_out=held_out, generator=generator, latents=z, discriminator=discriminator, optimizers=optimizers,
        dataset_size=len(pictures), batch_size=64, check_every=max(1, STEPS // 20), total_steps=STEPS, repair=repair,
        penalty=("r1", penalty) if penalty else ("none", 0.0),
    )  # fmt: skip
    for step in range(STEPS):
        real = shifted(pictures[torch.randint(len(pictures), (64,))], shift).requires_grad_(penalty > 0)
        drawn = generator(torch.randn(64, 32))
        real_logits, drawn_logits = discriminator(real), discriminator(shifted(drawn.detach(), shift))
        d_loss = F.softplus(-real_logits).mean() + F.softplus(drawn_logits).mean()  # loss dari notebook 1, diringkas
        if penalty:  # R1: di dekat gambar asli, diskriminator tidak boleh curam
            (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
            d_loss = d_loss + penalty / 2 * slope.square().sum((1, 2, 3)).mean()
        optimizers["discriminator"].zero_grad()
        d_loss.backward()
        optimizers["discriminator"].step()
        g_loss = F.softplus(-discriminator(shifted(drawn, shift))).mean()
        optimizers["generator"].zero_grad()
        g_loss.backward()
        optimizers["generator"].step()

        verdict = coach.observe({"generator": g_loss, "discriminator": d_loss})
        if verdict:  # berbeda dari sebelumnya
            print(f"step {step}: {verdict.name}. {verdict.what}")
        if repair and (treatment := coach.prescribe()):
            coach.apply(treatment)
            print(f"    the coach: {treatment.text}")
    print(f"The end. Losses: discriminator {d_loss.item():.2f}, generator {g_loss.item():.2f}.")
    if not coach.healthy:
        print(f"What you can do: {coach.advice()}")
    with torch.no_grad():
        return generator(z[:16])


def shifted(images, by):
    """Kembalikan semua gambar yang digeser paling jauh sekian piksel, setiap kali ke arah lain."""
    if not by:
        return images
    right, down = torch.randint(2 * by + 1, (2,)).tolist()
    return F.pad(images, (by,) * 4, value=-1)[:, :, down : down + 16, right : right + 16]


# %% [markdown]
# Mula-mula yang sehat, sebagai pembanding. Pada awalnya pendamping berkata *pemanasan* (warming up), dan mungkin ia
# terlalu cemas: bercak yang serupa semua memang tampak seperti keruntuhan mode (mode collapse). Yang penting adalah
# kelanjutannya.

# %% alt="16 angka yang kasar, masing-masing berbeda"
healthy = train()
sheet(healthy)

# %% [markdown]
# ## 1. Keruntuhan mode
#
# Kita biarkan generator belajar dua puluh kali lebih cepat. Dengan begitu ia dapat berlari ke apa pun yang saat itu
# dipercaya, jauh sebelum diskriminator (discriminator) berubah pikiran.
#
# **Tebak dulu.** Generator sudah menemukan *satu* angka yang dipercaya. Apa yang akan dilakukannya?

# %% alt="16 angka, hampir semuanya nol dan tiga"
ill = train(g_lr=0.004)
sheet(ill)

# %% [markdown]
# Ke mana angka yang lain? Tidak ada yang meminta keragaman! Diskriminator menilai gambar satu per satu. Kalau nol dan
# tiga dipercaya, ya nol dan tigalah yang digambar. Begitu diskriminator menyadarinya, generator lari ke angka
# berikutnya. Inilah keruntuhan mode.
#
# **Tandanya:** di antara sampel ada nyaris-salinan (gambar yang hampir sama persis), dan keragamannya kurang dari
# gambar asli. Kerugiannya (loss) tampak baik-baik saja.
#
# **Perbaiki sendiri:** generator yang lebih lambat, yaitu pelatihan sehat di atas. Pendamping harus menemukannya
# sendiri:

# %% alt="Atas, angka yang sehat; bawah, hasil perbaikan pendamping"
by_coach = train(g_lr=0.004, repair=True)
sheet(healthy, by_coach)

# %% [markdown] Yang atas kita perbaiki sendiri, yang bawah diperbaiki pendamping, dan kali ini pendamping gagal.
# Bacalah apa yang dicobanya. Ia menurunkan laju belajar (learning rate) generator, dan itu benar. Setiap penanganan
# dari pendamping adalah taruhan: ia menyimpan dulu keadaan sebelumnya, lalu membandingkan. Dalam langkah sesedikit itu,
# bobot (weights) baru belum sempat menjadi lebih baik daripada yang lama, maka penanganannya dibatalkan. Sabar itu
# sulit dipelajari, juga bagi program.
#
# ## 2. Diskriminator menang
#
# Sekarang laju belajar generator seratus kali terlalu tinggi.
#
# **Tebak dulu.** Langkahnya seperti langkah raksasa. Apakah ia belajar lebih cepat? Berapa kerugian diskriminator pada
# akhirnya?

# %% alt="16 pola piksel hitam dan putih yang keras, hampir tidak berbeda satu sama lain"
ill = train(g_lr=0.02)
sheet(ill)

# %% [markdown]
# Langkah-langkah raksasa yang pertama melempar generator ke tempat semua pikselnya hitam pekat atau putih bersih. Di
# sana, perubahan kecil pada bobotnya tidak mengubah apa-apa. Diskriminator dengan mudah membedakan gambarnya dari
# gambar asli, dan selalu benar. Dari lawan yang selalu benar, dan jauh lebih unggul, tidak ada yang dapat dipelajari.
#
# **Tandanya:** kerugian diskriminator hampir 0, dan kerugian generator terus membesar.
#
# **Pertanyaan.** Diskriminator yang benar 99 kali dari 100: apakah itu selalu berarti sakit?
#
# <details>
# <summary>Jawaban</summary>
#
# Tidak. Selama sampelnya membaik, ia hanyalah guru yang baik. Pendamping melihat sampelnya dulu, dan baru menyebutnya
# gangguan kalau sampelnya tidak membaik lagi.
#
# </details>
#
# **Perbaiki sendiri:** laju belajar yang lebih rendah untuk generator. Kalau diskriminator menang padahal laju
# belajarnya wajar, tahanlah diskriminator: dengan laju belajar yang lebih rendah, atau dengan penalti (penalty).

# %% alt="Atas, 16 angka yang kita perbaiki sendiri; bawah, 16 angka yang diperbaiki pendamping"
held_back = train(penalty=0.1)
by_coach = train(g_lr=0.02, repair=True)
sheet(held_back, by_coach)

# %% [markdown]
# ## 3. Laju belajar
#
# Kedua laju belajar seratus kali terlalu tinggi.
#
# **Tebak dulu.** Keduanya sama-sama cepat. Bukankah itu adil?

# %% alt="16 pola piksel hitam dan putih yang keras, semuanya hampir sama"
ill = train(g_lr=0.02, d_lr=0.02)
sheet(ill)

# %% [markdown]
# Setiap langkah kelewat jauh, dan langkah berikutnya makin jauh lagi. Keduanya saling mengejar tanpa henti (*berayun*,
# oscillating), lalu kerugian dan bobotnya membesar tanpa batas (*meledak*, diverging).
#
# **Tandanya:** dalam satu langkah saja, bobot berubah banyak dibanding besarnya sendiri. Dalam pelatihan yang sehat,
# perubahannya kurang dari seperseratus.
#
# **Perbaiki sendiri:** turunkan keduanya, dan mulai dari awal, sebab bobotnya sudah rusak. Itulah pelatihan sehat kita
# tadi. Pendamping mencoba apa yang dianggapnya terbaik, lalu *melihat apakah itu menolong*. Kalau sampelnya memburuk,
# penanganannya dibatalkan.

# %% alt="Atas, angka yang sehat; bawah, 16 angka yang diperbaiki pendamping"
by_coach = train(g_lr=0.02, d_lr=0.02, repair=True)
sheet(healthy, by_coach)

# %% [markdown]
# ## 4. Keseimbangan
#
# Diskriminator belajar seratus kali terlalu lambat. Ia seakan-akan tidak ada.
#
# **Tebak dulu.** Apa yang dipelajari generator dari lawan yang tidak punya pendapat? Berapa kerugian diskriminator
# nanti? (Notebook 1, pertanyaan 2.)

# %% alt="16 kali pola piksel hitam dan putih yang sama"
ill = train(d_lr=0.000002)
sheet(ill)

# %% [markdown]
# Diskriminator mengatakan hal yang hampir sama tentang semua gambar. Sedikit petunjuk darinya diikuti generator sampai
# ke ujung: ke satu pola yang sama sekali bukan angka.
#
# **Tandanya:** kerugian diskriminator sekitar 1.39, dua kali logaritma dari 2: ia hanya menebak. Gambar asli dan gambar
# buatan mendapat logit yang sama, dan sampelnya buruk.
#
# **Perbaiki sendiri:** kembalikan laju belajar diskriminator, atau beri dia dua langkah untuk setiap langkah generator.

# %% [markdown]
# ## 5. Menghafal
#
# Hanya beberapa puluh gambar, dan diskriminator tanpa dropout.
#
# **Tebak dulu.** Apakah angkanya akan lebih buruk, atau lebih bagus? Bagaimana Anda tahu bahwa ada yang tidak beres?

# %% alt="16 angka, kebanyakan digambar dengan baik, beberapa di antaranya serupa"
few = digits[:FEW]
ill = train(pictures=few, dropout=0.0, d_lr=0.0005, g_lr=0.0005)
sheet(ill)

# %% [markdown]
# Angkanya bahkan mungkin tampak bagus! Tetapi diskriminator hafal gambar aslinya, dan tidak tahu apa yang membuatnya
# tampak asli. Maka generator hanya bisa makin mendekati gambar yang sedikit itu. Pada akhirnya ia menyalinnya. Di bawah
# setiap sampel ada gambar asli yang paling dekat dengannya:

# %% alt="Atas, 16 sampel; bawah, gambar asli terdekat untuk masing-masing: keduanya sangat mirip"
nearest = (ill[:, None] - few[None]).square().sum((2, 3, 4)).argmin(1)
sheet(ill, few[nearest])

# %% [markdown]
# **Tandanya:** gambarnya sedikit, dan diskriminator makin lama makin yakin membedakan yang asli dari yang buatan.
#
# **Perbaiki sendiri:** lebih banyak gambar. Setelannya sama, tetapi dengan semua angka. Di bawah setiap sampel ada
# angka asli yang terdekat:

# %% alt="Atas, 16 angka; bawah, angka asli terdekat di antara semuanya: kemiripannya berkurang"
by_hand = train(dropout=0.0, d_lr=0.0005, g_lr=0.0005)
nearest = (by_hand[:, None] - digits[None]).square().sum((2, 3, 4)).argmin(1)
sheet(by_hand, digits[nearest])

# %% [markdown] Kalau tidak ada gambar lagi, buatlah yang sedikit itu lebih sulit dihafal: perlihatkan gambar asli dan
# gambar buatan dalam keadaan *digeser*, setiap kali ke arah lain. Inilah augmentasi (augmentation). Di loop pelatihan
# Anda sendiri, tidak ada pendamping yang dapat melakukannya: gambarnya milik Anda, begitu juga baris kode yang
# memperlihatkannya. Ia hanya dapat memberi tahu Anda. Pada `ganvas.train`, Ganvas sendiri yang memperlihatkan
# gambarnya, jadi ia menyalakan augmentasi begitu melihat gangguan ini.
#
# ## Yang perlu diingat
#
# | gangguan | tandanya | perbaiki sendiri |
# | --- | --- | --- |
# | keruntuhan mode | sampelnya nyaris-salinan satu sama lain | diskriminator lebih cepat, generator lebih lambat |
# | diskriminator menang | kerugiannya hampir 0, dan sampelnya tidak membaik | laju belajar lebih rendah, penalti |
# | laju belajar | bobot berubah banyak dalam satu langkah; kerugian meledak | turunkan, dan mulai dari awal |
# | keseimbangan | diskriminator menebak, kerugian 1.39, sampel buruk | diskriminator lebih cepat, penalti ringan |
# | menghafal | gambarnya sedikit, dan diskriminator makin yakin | lebih banyak gambar, augmentasi |
#
# Gambar setiap gangguan ada di docs/troubleshooting.md. Dalam pelatihan dengan `ganvas.train`, pendamping selalu hadir.
# Diagnosis dan penanganannya datang sebagai kejadian (event), dan `ganvas.doctor(run)` menceritakan seluruh kisahnya
# sesudah itu.
#
# ## Coba rusakkan
#
# 1. Untuk kedua jaringan, cari laju belajar di antara yang sehat dan yang sakit: 3 kali, 10 kali, 20 kali. Apakah lebih
#    tinggi selalu lebih buruk?
# 2. Buat diskriminator belajar lima puluh kali *lebih cepat* (`d_lr=0.01`). Apakah ia menang?
# 3. Tahan diskriminator dengan penalti yang jauh terlalu kuat (`penalty=200`). Lihat kerugiannya. Apakah angkanya
#    sakit?
# 4. Latih dengan sedikit gambar, tetapi digeser: `train(pictures=few, shift=1)`, lalu `shift=2`. Apakah lebih banyak
#    selalu lebih baik?
# 5. Temukan cara lain untuk membuatnya sakit. Apakah pendamping mengenalinya?
#
# <details>
# <summary>Apa yang akan terjadi</summary>
#
# 1. Tidak. Dengan 20 kali, kami mendapat angka yang lebih bagus dalam langkah yang begitu sedikit. Tetapi angkanya
#    berayun, dan tidak membaik lagi.
# 2. Pada percobaan kami tidak: angkanya tetap sehat. Sakit atau tidaknya terlihat pada sampel, bukan pada setelan.
# 3. Kerugiannya 1.39: ia menebak. Tetapi angkanya baik-baik saja! Kerugian saja tidak mengatakan apa-apa.
# 4. Tidak. Dengan `shift=2` semua sampel menjadi angka 8 yang sama: terlalu banyak untuk langkah yang begitu sedikit.
# 5. Ia mengenal sepuluh gangguan. Kalau gangguan Anda baru, beri tahu kami.
#
# </details>
#
# **Punya MNIST?** 2000 angka pertamanya sudah cukup: sebagai tensor (N, 1, 16, 16) bernilai -1 sampai 1, menggantikan
# `digits`.
#
# Berikutnya: `05_growing_pictures`.
