# %% [markdown]
# <!-- translated from examples/03_vae_against_gan.py at 50de89572e68 -->
# # 3. VAE lawan GAN: lembut lawan tajam
#
# *Variational autoencoder* (VAE, Kingma dan Welling 2014) juga menggambar dari bilangan acak, tetapi tidak punya lawan.
# Ia tidak pernah sakit seperti GAN. Lalu mengapa orang masih melatih GAN?
#
# Anda akan melatih keduanya **dengan jaringan (network) generator yang sama, gambar yang sama, dan waktu yang sama**,
# lalu menjajarkan gambarnya. Waktunya sekitar tiga menit di dua inti CPU.

# %%
# Di notebook daring, sel ini memasang Ganvas. Kalau Ganvas sudah terpasang, tidak terjadi apa-apa.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
SECONDS = 50  # waktu prosesor, untuk masing-masing
IMAGES = 20_000  # yang dilihat Ganvas di bagian akhir

# %%
import tempfile
import time
import zipfile

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

import ganvas
from ganvas import builtin

torch.manual_seed(0)
LATENT = 64


def sheet(pictures, columns=16, zoom=2):
    """Kembalikan gambar (N, C, H, W) bernilai -1 sampai 1, dijajarkan dan diperbesar."""
    grid = to_pil_image(make_grid(pictures * 0.5 + 0.5, columns, padding=1).clamp(0, 1))
    return grid.resize((grid.width * zoom, grid.height * zoom), resample=0)


people = []
with zipfile.ZipFile(builtin.people()) as file:
    for name in sorted(file.namelist()):
        if name.endswith(".png"):
            person = Image.open(file.open(name)).convert("RGBA")
            person = Image.alpha_composite(Image.new("RGBA", person.size, "white"), person)
            people.append(np.asarray(person.convert("RGB").resize((32, 32), Image.Resampling.LANCZOS)))
people = torch.tensor(np.stack(people)).permute(0, 3, 1, 2) / 127.5 - 1  # (997, 3, 32, 32)


def new_generator():
    """Kembalikan generator dari notebook 2: 64 bilangan menjadi gambar 32 x 32."""
    return nn.Sequential(
        nn.Unflatten(1, (LATENT, 1, 1)),
        nn.ConvTranspose2d(LATENT, 128, 4), nn.BatchNorm2d(128), nn.ReLU(),
        nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip


def new_reader(numbers):
    """Kembalikan jaringan yang membaca gambar dan menyebutkan sekian bilangan: kebalikan dari generator."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Conv2d(32, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 4, 2, 1), nn.BatchNorm2d(128), nn.LeakyReLU(0.2),
        nn.Conv2d(128, numbers, 4), nn.Flatten(),
    )  # fmt: skip


def time_is_left(began):
    """Kembalikan apakah waktu prosesor yang terpakai sejak itu masih kurang dari SECONDS."""
    return time.process_time() - began < SECONDS


# %% [markdown]
# ## VAE
#
# VAE punya dua jaringan yang *bekerja sama*. **Enkoder** (encoder) membaca gambar asli dan menghasilkan 64 bilangan,
# yaitu *kode* (code) gambar itu. **Dekoder** (decoder) menggambar ulang gambar itu dari kodenya. Kerugiannya (loss)
# adalah seberapa berbeda kedua gambar itu, piksel demi piksel.
#
# Nanti kita ingin menggambar dari bilangan acak, tanpa gambar asli. Jadi kodenya harus menyerupai bilangan acak. Ada
# dua kiat untuk itu:
#
# - Enkoder tidak menghasilkan *satu* kode. Ia menghasilkan rata-rata dan lebar sebaran, lalu kodenya diambil acak dari
#   sana.
# - Kerugian kedua, yaitu *divergensi KL* (KL divergence), menarik semua rata-rata ke 0 dan semua lebar ke 1.

# %%
encoder, decoder = new_reader(2 * LATENT), new_generator()
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.001)
vae_steps, began = 0, time.process_time()

while time_is_left(began):
    real = people[torch.randint(len(people), (32,))]
    mean, log_variance = encoder(real).chunk(2, dim=1)
    code = mean + torch.randn_like(mean) * (log_variance / 2).exp()
    difference = (decoder(code) - real).square().sum((1, 2, 3)).mean()
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
    loss = 4 * difference + kl
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    vae_steps += 1

decoder.eval()
print(f"{vae_steps} steps")

# %% [markdown]
# ## GAN
#
# Generator yang sama, kali ini dengan lawan: seperti notebook 2.

# %%
generator, discriminator = new_generator(), new_reader(1)
for network in (generator, discriminator):
    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0, 0.02)
bce = F.binary_cross_entropy_with_logits
g_optimizer = torch.optim.Adam(generator.parameters(), lr=0.0005, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))
gan_steps, began = 0, time.process_time()

while time_is_left(began):
    real = people[torch.randint(len(people), (32,))]
    drawn = generator(torch.randn(32, LATENT))
    d_loss = bce(discriminator(real), torch.ones(32, 1)) + bce(discriminator(drawn.detach()), torch.zeros(32, 1))
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    discriminator.requires_grad_(False)
    g_loss = bce(discriminator(drawn), torch.ones(32, 1))
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    discriminator.requires_grad_(True)
    gan_steps += 1

generator.eval()
print(f"{gan_steps} steps")

# %% [markdown]
# ## Berdampingan
#
# **Tebak dulu.** Gambar siapa yang akan lebih lembut? Wajah buatan siapa yang paling aneh? Gambar buatan siapa yang
# lebih serupa satu sama lain?

# %% alt="Masing-masing dua baris: orang asli, orang lembut dari VAE, orang yang lebih tegas dan lebih aneh dari GAN"
with torch.no_grad():
    z = torch.randn(32, LATENT)
    soft, sharp = decoder(z), generator(z)
sheet(torch.cat([people[torch.randperm(len(people))[:32]], soft, sharp]))

# %% [markdown]
# Dua baris orang asli, dua baris dari VAE, dua baris dari GAN.
#
# Ketajaman gambar dapat diukur. Di tempat yang tajam, sebuah piksel berbeda dari rata-rata keempat tetangganya.

# %%
kernel = torch.tensor([[0, -0.25, 0], [-0.25, 1, -0.25], [0, -0.25, 0]]).expand(3, 1, 3, 3)
for name, pictures in (("real people", people), ("VAE", soft), ("GAN", sharp)):
    print(f"fine detail, {name}: {F.conv2d(pictures, kernel, groups=3).abs().mean():.3f}")

# %% [markdown]
# Detail halus (fine detail) pada VAE lebih sedikit daripada pada orang asli, sedangkan pada GAN lebih banyak:
# orang-orangnya berbintik-bintik. Tajam belum tentu benar.
#
# **Pertanyaan 1.** Mengapa VAE lembut?
#
# <details>
# <summary>Jawaban</summary>
#
# Yang diminta darinya adalah *perbedaan sekecil mungkin, piksel demi piksel*. Kalau dari kodenya tidak jelas apakah
# sebuah garis tepi terletak satu piksel lebih ke kiri atau ke kanan, jawaban yang paling sedikit salah adalah rata-rata
# keduanya: abu-abu. Rata-rata dari banyak gambar tajam adalah gambar yang lembut.
#
# Yang diminta dari GAN lain lagi: supaya *dipercaya*. Garis tepi yang lembut langsung ketahuan. Garis tepi yang tajam
# di tempat yang salah jauh lebih sulit dicela.
#
# </details>
#
# **Pertanyaan 2.** Kerugian VAE adalah sebuah bilangan biasa yang turun. Apa yang dapat Anda lakukan dengan bilangan
# itu, tetapi tidak bisa dengan kerugian GAN?
#
# <details>
# <summary>Jawaban</summary>
#
# Untuk melihat apakah pelatihan (training) masih membawa kemajuan, untuk membandingkan dua setelan, dan untuk tahu
# kapan berhenti.
#
# </details>
#
# ## Yang hanya bisa dilakukan VAE
#
# VAE punya enkoder. Jadi ia dapat menemukan kode untuk gambar *Anda*, lalu berjalan dari satu gambar ke gambar lain.
#
# **Tebak dulu.** Di titik tengah antara dua orang, apakah ada satu orang, atau dua orang yang transparan?

# %% alt="Atas, dua orang apa adanya dan seperti digambar VAE; bawah, sepuluh gambar dari yang pertama ke yang kedua"
two = people[[40, 700]]
with torch.no_grad():
    codes = encoder.eval()(two).chunk(2, dim=1)[0]
    way = torch.linspace(0, 1, 10)[:, None]
    between = decoder(codes[:1] * (1 - way) + codes[1:] * way)
    again = decoder(codes)
first_row = torch.cat([two[:1], again[:1], torch.ones(6, 3, 32, 32), again[1:], two[1:]])
sheet(torch.cat([first_row, between]), 10)

# %% [markdown]
# GAN tidak punya enkoder. Untuk GAN, bilangannya harus *dicari*: `ganvas.project`.
#
# ## Keduanya sekaligus
#
# Tidak ada yang melarang Anda memakai keduanya: mula-mula autoenkoder (autoencoder), yang tidak bisa sakit, lalu
# diskriminator (discriminator) yang menajamkan gambarnya. Resep (recipe) `quick` di Ganvas bekerja begitu. Resep inilah
# yang dipakai Ganvas di CPU kalau Anda tidak memilih.

# %%
run = tempfile.mkdtemp(prefix="quick-", dir=".")
events = list(ganvas.train(builtin.people(), run, recipe="quick", size=32, images=IMAGES))  # notebook 4 melihat isinya

# %% alt="32 orang dari resep quick: garis tepi dan warna yang jelas, wajah yang dapat dikenali"
sheet(ganvas.load(run).sample(32) / 127.5 - 1)

# %% [markdown]
# **Pertanyaan 3.** Guru mana yang akan Anda dahulukan, dan mengapa tidak sebaliknya?
#
# <details>
# <summary>Jawaban</summary>
#
# Autoenkoder lebih dulu. Dengan mantap, ia segera menemukan bentuk kasar dan warna. Sesudah itu tinggal garis tepi dan
# detail, dan untuk itu lawan adalah guru yang lebih baik. Kalau urutannya dibalik, kerugian piksel akan melembutkan
# lagi apa yang sudah ditajamkan diskriminator.
#
# </details>
#
# ## Coba rusakkan
#
# 1. Tulis `loss = difference` di VAE, tanpa KL. Lihat lagi `decoder(torch.randn(...))`. Bagaimana dengan orang yang
#    hanya digambarnya ulang?
# 2. Tulis `loss = difference + 20 * kl`.
# 3. Tambahkan pada `g_loss` GAN sekadar keinginan untuk mendekati gambar asli, *yang mana saja*:
#    `+ (drawn - real).square().mean()`.
# 4. Beri keduanya waktu sepuluh kali lipat. Apakah VAE menjadi tajam?
#
# <details>
# <summary>Apa yang akan terjadi</summary>
#
# 1. Gambar ulangnya menjadi lebih tajam. Yang digambarnya dari bilangan acak hanyalah bercak kabur, karena tidak ada
#    yang menarik kode ke tempat bilangan acak berada.
# 2. Kodenya hampir tidak bercerita apa-apa lagi, dan semua gambar menjadi serupa: orang rata-rata.
# 3. Semua gambar tertarik ke rata-rata semua orang. Bandingkan dengan pertanyaan 1.
# 4. Menjadi sedikit lebih tajam, tetapi tetap lebih lembut daripada orang asli.
#
# </details>
#
# **Punya MNIST?** Baca menjadi tensor (N, 1, 32, 32) bernilai -1 sampai 1 sebagai ganti `people`, dan tulis 1 sebagai
# ganti 3 kanal.
#
# Berikutnya: `04_how_gans_fall_ill`.
