# %% [markdown]
# <!-- translated from examples/02_dcgan.py at aaea80d61a0f -->
# # 2. DCGAN: jaringan yang melihat tetangga
#
# Jaringan (network) di notebook 1 tidak tahu piksel mana yang bersebelahan. Baginya, gambar hanyalah daftar 256
# bilangan. Sebuah *konvolusi* (convolution) melihat petak-petak kecil berisi piksel bertetangga, dengan cara yang sama
# di setiap tempat. DCGAN (Radford dkk. 2016) tersusun dari konvolusi, begitu pula hampir semua GAN sesudahnya.
#
# Anda akan melihat apa yang dilakukan konvolusi dan konvolusi transposisi, melatih sebuah DCGAN kecil dengan gambar
# orang berwarna, mengintip apa yang diperhatikan diskriminatornya, dan mencari tahu dari mana asal pola papan catur di
# begitu banyak gambar buatan GAN. Waktunya sekitar dua menit di dua inti CPU.

# %%
# Di notebook daring, sel ini memasang Ganvas. Kalau Ganvas sudah terpasang, tidak terjadi apa-apa.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
STEPS = 1600

# %%
import zipfile

import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

from ganvas import builtin

torch.manual_seed(0)


def sheet(pictures, columns=16, zoom=2):
    """Kembalikan gambar (N, C, H, W) bernilai -1 sampai 1, dijajarkan dan diperbesar."""
    grid = to_pil_image(make_grid(pictures * 0.5 + 0.5, columns, padding=1).clamp(0, 1))
    return grid.resize((grid.width * zoom, grid.height * zoom), resample=0)


# %% [markdown]
# ## Gambar asli
#
# Di dalam Ganvas sudah ada 997 emoji orang. Kita menaruhnya di atas latar putih dan mengecilkannya menjadi 32 piksel.
# Dalam tensornya, warna adalah dimensi kedua: (997, 3, 32, 32).

# %% alt="32 emoji orang: kepala, tangan yang bekerja, orang berolahraga, di atas latar putih"
people = []
with zipfile.ZipFile(builtin.people()) as file:
    for name in sorted(file.namelist()):
        if name.endswith(".png"):
            person = Image.open(file.open(name)).convert("RGBA")
            person = Image.alpha_composite(Image.new("RGBA", person.size, "white"), person)
            people.append(np.asarray(person.convert("RGB").resize((32, 32), Image.Resampling.LANCZOS)))
people = torch.tensor(np.stack(people)).permute(0, 3, 1, 2) / 127.5 - 1
sheet(people[torch.randperm(len(people))[:32]])

# %% [markdown]
# ## Konvolusi
#
# Konvolusi menggeser sebuah tabel kecil berisi bobot (weights), yaitu *kernel*, di atas gambar. Di setiap tempat ia
# mengalikan lalu menjumlahkan. Di tempat yang gambarnya mirip dengan kernel, hasilnya besar.
#
# **Tebak dulu.** Kernel pertama di bawah ini berisi -1 di kolom kiri dan 1 di kolom kanan. Di bagian wajah mana
# hasilnya akan besar? Apa yang akan dilakukan kernel kedua, yang semua isinya 1?

# %% alt="Tiga kali seorang astronaut: seperti difoto, garis tegaknya dalam abu-abu terang dan gelap, dan kabur"
photo = Image.open(builtin.photo()).convert("L").resize((192, 192))
photo = torch.tensor(np.asarray(photo)).float()[None, None] / 127.5 - 1
edges = torch.tensor([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]])[None, None] / 3
blur = torch.ones(1, 1, 9, 9) / 81
sheet(torch.cat([photo, F.conv2d(photo, edges, padding=1), F.conv2d(photo, blur, padding=4)]), 3, zoom=1)

# %% [markdown] Yang pertama bereaksi di tempat yang kiri dan kanannya berbeda: di garis tepi yang tegak. Yang kedua
# mengambil rata-rata 81 piksel, sehingga gambarnya kabur. Kernel jaringan kita tidak dipilih oleh siapa pun. Kernel itu
# dipelajari.
#
# Dengan `stride=2`, kernel melompati satu tempat setiap kali, dan ukuran hasilnya menjadi setengah. Dengan cara itu
# diskriminator (discriminator) turun dari 32 piksel ke 16, 8, 4, dan akhirnya ke satu bilangan saja.
#
# ## Konvolusi transposisi
#
# Generator membutuhkan arah sebaliknya: dari sedikit tempat ke banyak tempat. Konvolusi transposisi (transposed
# convolution) mengambil setiap bilangan, mengalikan seluruh kernel dengannya, lalu meletakkan hasilnya. Dengan stride
# 2, ia maju dua tempat setiap kali. Di tempat yang bertumpang tindih, nilainya dijumlahkan.
#
# **Tebak dulu.** Ambil bidang yang rata, semuanya 1, dan kernel yang semua isinya 1. Apa hasilnya dengan kernel 3 x
# 3, dan apa hasilnya dengan kernel 4 x 4?

# %% alt="Kiri, kernel 3 x 3 menghasilkan papan catur terang dan gelap. Kanan, kernel 4 x 4 menghasilkan bidang rata"
plain = torch.ones(1, 1, 6, 6)
figure, axes = plt.subplots(1, 2, figsize=(6, 3))
for axis, size in zip(axes, (3, 4), strict=True):
    laid_down = F.conv_transpose2d(plain, torch.ones(1, 1, size, size), stride=2)
    axis.imshow(laid_down[0, 0, 2:-2, 2:-2], vmin=0, vmax=5)
    axis.set_title(f"kernel {size} x {size}, stride 2")
    axis.axis("off")
plt.show()

# %% [markdown]
# Dengan 3 x 3, sebagian piksel mendapat satu bagian, sebagian dua, sebagian empat: muncullah **papan catur**
# (checkerboard), begitu saja. Dengan 4 x 4, setiap piksel mendapat empat. Jadi pakailah kernel yang ukurannya habis
# dibagi stride-nya: 4 dan 2. (Meskipun begitu, papan catur masih bisa *dipelajari*. Tentang itu nanti di bawah.)
#
# ## Kedua jaringan
#
# Generator menggandakan ukuran gambarnya tiga kali, dari 4 sampai 32 piksel, dengan *kanal* (channel) yang makin
# sedikit. Diskriminator melakukan kebalikannya. `BatchNorm2d` menjaga agar bilangan di antara lapisan tetap wajar
# besarnya. Inilah aturan DCGAN, hanya kanalnya lebih sedikit, supaya dapat berjalan di laptop.

# %%
LATENT = 64
generator = nn.Sequential(
    nn.Unflatten(1, (LATENT, 1, 1)),
    nn.ConvTranspose2d(LATENT, 128, 4), nn.BatchNorm2d(128), nn.ReLU(),  # 4 x 4
    nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.ReLU(),  # 8 x 8
    nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.ReLU(),  # 16 x 16
    nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Tanh(),  # 32 x 32
)  # fmt: skip
discriminator = nn.Sequential(
    nn.Conv2d(3, 32, 4, 2, 1), nn.LeakyReLU(0.2),  # 16 x 16
    nn.Conv2d(32, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.LeakyReLU(0.2),  # 8 x 8
    nn.Conv2d(64, 128, 4, 2, 1), nn.BatchNorm2d(128), nn.LeakyReLU(0.2),  # 4 x 4
    nn.Conv2d(128, 1, 4), nn.Flatten(),  # satu logit
)  # fmt: skip
for network in (generator, discriminator):
    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0, 0.02)  # bobot awal yang kecil, seperti di makalahnya
    print(f"{sum(weight.numel() for weight in network.parameters()):,} weights")

# %% [markdown]
# ## Pelatihan
#
# Dua langkah yang sama persis dengan langkah di notebook 1.

# %%
bce = F.binary_cross_entropy_with_logits
g_optimizer = torch.optim.Adam(generator.parameters(), lr=0.0005, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))
same_z = torch.randn(16, LATENT)
moments = []

for step in range(STEPS + 1):
    if step in (0, STEPS // 20, STEPS // 4, STEPS // 2, STEPS):
        with torch.no_grad():
            moments.append(generator(same_z))
    real = people[torch.randint(len(people), (32,))]
    drawn = generator(torch.randn(32, LATENT))

    real_logits, drawn_logits = discriminator(real), discriminator(drawn.detach())
    d_loss = bce(real_logits, torch.ones(32, 1)) + bce(drawn_logits, torch.zeros(32, 1))
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    discriminator.requires_grad_(False)
    g_loss = bce(discriminator(drawn), torch.ones(32, 1))
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    discriminator.requires_grad_(True)

# %% alt="Lima baris: abu-abu, bercak warna, kepala kasar, dan akhirnya orang berwarna-warni, kasar tetapi jelas"
sheet(torch.cat(moments))

# %% [markdown]
# ## Apa yang diperhatikan diskriminator?
#
# Kita dapat menanyakannya. Ambil gambar orang yang asli, lalu tempelkan sepotong kecil *gambar buatan* di sana, selalu
# di tempat asalnya. Seberapa jauh logitnya turun? Lakukan itu di semua tempat, dan Anda mendapat sebuah peta: di tempat
# yang terang, potongan buatan ketahuan.
#
# **Tebak dulu.** Wajah, garis tepi, atau latar putih?

# %% alt="Atas, sepuluh orang; bawah, petanya: terang di topi, helm, dan lengan terangkat, gelap di latar dan wajah"
some = people[::100][:10]
looks = torch.zeros(10, 1, 7, 7)
generator.eval()
discriminator.eval()
with torch.no_grad():
    for _ in range(20):
        drawn = generator(torch.randn(10, LATENT))
        for row in range(7):
            for column in range(7):
                place = (..., slice(4 * row, 4 * row + 8), slice(4 * column, 4 * column + 8))
                patched = some.clone()
                patched[place] = drawn[place]
                looks[:, 0, row, column] += (discriminator(some) - discriminator(patched))[:, 0]
looks = F.interpolate(looks, size=32, mode="bilinear").clamp(min=0)
looks = looks / looks.amax((2, 3), keepdim=True) * 2 - 1
sheet(torch.cat([some, looks.expand(-1, 3, -1, -1)]), 10, zoom=2)

# %% [markdown]
# **Pertanyaan 1.** Yang terang adalah topi, serban, pinggiran helm, dan lengan yang terangkat. Yang gelap adalah latar
# putih, dan sering juga bagian tengah wajah. Apakah itu sesuai dengan tebakan Anda? Mengapa begitu?
#
# <details>
# <summary>Jawaban</summary>
#
# Sekarang generator sudah pandai menggambar latar putih dan wajah polos. Sepotong dari situ tidak mengungkapkan
# apa-apa. Tetapi topi atau helm yang tiba-tiba berisi sepotong rambut tidak mungkin asli. Diskriminator selalu melihat
# apa yang *belum* dikuasai generator. Karena itulah ia guru yang begitu baik.
#
# </details>
#
# **Pertanyaan 2.** Diskriminator tidak tahu apa itu mata, dan tidak pernah diberi tahu. Lalu apa yang diketahuinya?
#
# <details>
# <summary>Jawaban</summary>
#
# Hanya apa yang membantunya membedakan gambar asli dari gambar buatan. Kalau mata membantu, sebagian kanalnya lama-lama
# bereaksi terhadap mata.
#
# </details>
#
# ## Papan catur
#
# Lihat baris kedua dari pelatihan di atas: kepala-kepala pertama tertutup kisi yang teratur. Dari mana asalnya? Ambil
# dua generator yang belum belajar apa-apa. Yang satu menggandakan ukuran dengan konvolusi transposisi berkernel 3 x 3.
# Yang lain mengulang setiap piksel empat kali (`Upsample`), lalu memakai konvolusi biasa.
#
# **Tebak dulu.** Keduanya belum tahu apa-apa. Apakah gambarnya akan mirip?


# %% alt="Atas, gambar dengan kisi titik yang teratur; bawah, bercak lembut tanpa kisi"
def untrained(double):
    """Kembalikan gambar sebuah generator yang belum belajar apa-apa, dengan kontras yang terlihat."""
    torch.manual_seed(1)
    layers = [nn.Unflatten(1, (32, 4, 4))]
    for _ in range(3):
        layers += [*double(), nn.BatchNorm2d(32), nn.ReLU()]
    with torch.no_grad():
        pictures = nn.Sequential(*layers, nn.Conv2d(32, 3, 1))(torch.randn(10, 512))
    return (pictures - pictures.mean()) / pictures.std() / 2


transposed = untrained(lambda: [nn.ConvTranspose2d(32, 32, 3, 2, 1, output_padding=1)])
enlarged = untrained(lambda: [nn.Upsample(scale_factor=2), nn.Conv2d(32, 32, 3, padding=1)])
sheet(torch.cat([transposed, enlarged]), 10, zoom=3)

# %% [markdown]
# Kisinya sudah ada sebelum ada yang dipelajari. Pelatihan harus menghapusnya, dan tidak selalu berhasil. Jenis kedua
# sejak awal tidak punya kisi. Kebanyakan GAN sesudah DCGAN memperbesar dulu, begitu pula resep (recipe) `quick` dan
# `stylegan2` di Ganvas (Odena dkk. 2016, "Deconvolution and checkerboard artifacts").
#
# **Pertanyaan 3.** DCGAN kita memakai kernel 4 dan stride 2. Mengapa ia masih bisa belajar menggambar papan catur?
#
# <details>
# <summary>Jawaban</summary>
#
# Setiap piksel mendapat bagian *sebanyak* tetangganya, tetapi dari bobot kernel yang *lain*: dari tempat ganjil, atau
# dari tempat genap. Bagian itu sama hanya kalau bobotnya sama. Tidak ada yang memaksa bobotnya untuk sama.
#
# </details>
#
# ## Coba rusakkan
#
# Katakan dulu apa yang Anda duga, baru kemudian cobalah.
#
# 1. Ganti 128 kanal di lapisan (layer) pertama generator dengan 8 (juga di tempat kanal itu masuk lagi). Apa yang lebih
#    dulu rusak: warna, bentuk, atau keragaman?
# 2. Buang `BatchNorm2d` dari kedua jaringan. Masihkah ia belajar?
# 3. Acak piksel semua gambar dengan cara yang sama: `people = people.flatten(2)[:, :,
#    torch.randperm(1024)].unflatten(2, (32, 32))`. Bagi jaringan di notebook 1, tidak ada yang berubah. Bagaimana
#    dengan jaringan ini?
# 4. Beri resep Ganvas sepuluh menit untuk gambar Anda sendiri, lalu bandingkan: `for event in ganvas.train("FOLDER",
#    "runs/dcgan", recipe="dcgan", minutes=10): print(event)`
#
# <details>
# <summary>Apa yang akan terjadi</summary>
#
# 1. Semestinya bentuk yang paling rusak. Lapisan pertama merancang seluruh gambar, dan dengan 8 kanal tidak banyak yang
#    bisa dirancang.
# 2. Penulis makalahnya mendapati bahwa tanpa itu generator mereka yang dalam tidak mau mulai belajar. Apakah generator
#    kita cukup dalam untuk mengalaminya?
# 3. Jaringan ini kesulitan. Konvolusi hidup dari tetangga, dan sekarang tidak ada tetangga lagi.
# 4. Jaringannya lebih lebar daripada punya kita, dan lebih lambat. Kerabatnya yang lebih mulus: `recipe="quick"`.
#
# </details>
#
# **Punya MNIST?** Gambarnya bisa dipakai di sini juga: baca menjadi tensor (N, 1, 32, 32) bernilai -1 sampai 1, dan
# tulis 1 sebagai ganti 3 kanal di kedua jaringan.
#
# Berikutnya: `03_vae_against_gan`, cara lain menggambar dari bilangan acak.
