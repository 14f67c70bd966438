# %% [markdown]
# <!-- translated from examples/05_growing_pictures.py at 4b6c44dc7b58 -->
# # 5. Gambar yang tumbuh
#
# DCGAN harus mempelajari semuanya sekaligus: di mana letak kepala, dan seperti apa rupa bulu mata. Untuk gambar besar,
# itu terlalu berat. Tiga gagasan memungkinkan gambar besar, dan satu lagi membuat gambar bisa dicampur:
#
# - **tumbuh bertahap** (progressive growing): pelajari dulu 8 x 8 piksel, lalu 16 x 16, lalu 32 x 32 (Karras dkk.
#   2018);
# - **gradien multiskala** (multi-scale gradients): gambarlah dalam semua ukuran sekaligus, dan biarkan semuanya dinilai
#   (Karnewar dan Wang 2020);
# - **memperbesar**: gambarlah dalam ukuran kecil, dan biarkan jaringan (network) lain memperbesarnya;
# - **gaya** (style): sebutkan lagi di setiap ukuran apa yang harus digambar, sehingga dua gambar bisa dicampur (Karras
#   dkk. 2019).
#
# Anda akan memasukkan tiga di antaranya ke dalam satu jaringan kecil, dan menulis yang keempat secara terpisah.
# Waktunya sekitar tiga menit di dua inti CPU.

# %%
# Di notebook daring, sel ini memasang Ganvas. Kalau Ganvas sudah terpasang, tidak terjadi apa-apa.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
STEPS_8 = 500  # pada 8 x 8 piksel
STEPS_16 = 600
STEPS_32 = 700
STEPS_64 = 250  # untuk jaringan pembesar

# %%
import time
import zipfile

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

from ganvas import builtin

torch.manual_seed(0)
LATENT = 64


def sheet(pictures, columns=16, zoom=2):
    """Kembalikan gambar (N, C, H, W) bernilai -1 sampai 1, dijajarkan dan diperbesar."""
    grid = to_pil_image(make_grid(pictures * 0.5 + 0.5, columns, padding=1).clamp(0, 1))
    return grid.resize((grid.width * zoom, grid.height * zoom), resample=0)


large = []
with zipfile.ZipFile(builtin.people()) as file:
    for name in sorted(file.namelist()):
        if name.endswith(".png"):
            person = Image.open(file.open(name)).convert("RGBA")
            person = Image.alpha_composite(Image.new("RGBA", person.size, "white"), person)
            large.append(np.asarray(person.convert("RGB")))
large = torch.tensor(np.stack(large)).permute(0, 3, 1, 2) / 127.5 - 1  # (997, 3, 64, 64)


def shrink(pictures, size):
    """Kembalikan gambar dengan sekian piksel: masing-masing rata-rata satu kotak piksel gambar besarnya."""
    return F.adaptive_avg_pool2d(pictures, size)


def enlarge(pictures, size):
    """Kembalikan gambar dengan sekian piksel, masing-masing diulang."""
    return F.interpolate(pictures, size=size)


# %% [markdown]
# Orang-orang yang sama pada 8, 16, dan 32 piksel. **Tebak dulu.** Pada ukuran berapa Anda bisa membedakan kepala dari
# tangan? Mengenali senyum?

# %% alt="Delapan orang pada 8 piksel, berupa bercak; pada 16, berupa kepala; pada 32, dengan wajah"
sheet(torch.cat([enlarge(shrink(large[::120][:8], size), 32) for size in (8, 16, 32)]), 8, zoom=3)

# %% [markdown]
# ## Satu jaringan untuk semuanya
#
# Generator mulai dari bidang 4 x 4 yang selalu sama, dan menggandakannya tiga kali. Ada dua hal baru.
#
# - **Setiap ukuran menggambar gambarnya sendiri.** Gambar 16 x 16 adalah gambar 8 x 8 yang diperbesar, *ditambah* apa
#   yang disumbangkan lapisan (layer) untuk 16. Jadi ia dapat berhenti di ukuran mana pun.
# - **Gaya.** Laten (latent) `z` tidak masuk dari bawah. Sebuah jaringan kecil mengubahnya menjadi *gaya* `w`, dan di
#   setiap ukuran gaya itu menentukan seberapa kuat setiap kanal (channel). Tidak ada yang mengharuskan kita memberi
#   gaya yang sama kepada semua ukuran.

# %%
SIZES = (8, 16, 32)
CHANNELS = {4: 64, 8: 64, 16: 48, 32: 24}


class Generator(nn.Module):
    """Menggambar dari tiga gaya, satu untuk setiap ukuran."""

    def __init__(self):
        super().__init__()
        self.mapping = nn.Sequential(nn.Linear(LATENT, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2))
        self.start = nn.Parameter(torch.randn(1, CHANNELS[4], 4, 4))
        self.layers, self.styles, self.to_rgb = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        for size in SIZES:
            before, now = CHANNELS[size // 2], CHANNELS[size]
            self.layers[f"{size}"] = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(before, now, 3, padding=1))
            self.styles[f"{size}"] = nn.Linear(64, 2 * now)
            self.to_rgb[f"{size}"] = nn.Conv2d(now, 3, 1)

    def forward(self, w, largest):
        """Kembalikan gambar semua ukuran sampai yang terbesar, dari w: satu gaya (N, 64) untuk setiap ukuran."""
        features, pictures = self.start.expand(len(w[0]), -1, -1, -1), []
        for size, style in zip(SIZES, w, strict=True):
            if size <= largest:
                strength, shift = self.styles[f"{size}"](style)[:, :, None, None].chunk(2, dim=1)
                features = F.instance_norm(self.layers[f"{size}"](features))
                features = F.leaky_relu(features * (1 + strength) + shift, 0.2)
                drawn = self.to_rgb[f"{size}"](features)
                pictures.append(drawn + enlarge(pictures[-1], size) if pictures else drawn)
        return pictures


class Discriminator(nn.Module):
    """Menilai gambar dari ukuran mana pun."""

    def __init__(self):
        super().__init__()
        self.from_rgb, self.layers = nn.ModuleDict(), nn.ModuleDict()
        for size in SIZES:
            now, after = CHANNELS[size], CHANNELS[size // 2]
            self.from_rgb[f"{size}"] = nn.Conv2d(3, now, 1)
            self.layers[f"{size}"] = nn.Conv2d(now, after, 4, 2, 1)
        self.last = nn.Conv2d(CHANNELS[4], 1, 4)

    def forward(self, picture, share=1.0):
        """Kembalikan logit; porsi di bawah 1 memunculkan lapisan ukuran terbesar secara perlahan."""
        size = picture.shape[-1]
        features = F.leaky_relu(self.from_rgb[f"{size}"](picture), 0.2)
        features = F.leaky_relu(self.layers[f"{size}"](features), 0.2)
        if share < 1:
            small = F.leaky_relu(self.from_rgb[f"{size // 2}"](shrink(picture, size // 2)), 0.2)
            features = share * features + (1 - share) * small
        for smaller in reversed(SIZES):
            if smaller < size:
                features = F.leaky_relu(self.layers[f"{smaller}"](features), 0.2)
        return self.last(features).flatten()


# %% [markdown]
# ## Tumbuh bertahap
#
# Pelatihan (training) berjalan dari ukuran ke ukuran. Lapisan baru belum tahu apa-apa, dan akan merusak semuanya kalau
# langsung dipakai penuh. Maka ia **dimunculkan perlahan** (faded in): selama paruh pertama waktunya, porsinya naik
# dari 0 ke 1.
#
# Pada separuh dari langkahnya, kita memberi ukuran kasar gaya yang berbeda dari gaya untuk ukuran yang lebih halus.
# Dengan begitu jaringan tidak dapat menganggap bahwa keduanya pasti berasal dari orang yang sama, dan nanti kita bisa
# mencampurnya. Untuk menahan diskriminator (discriminator), kita menambahkan *penalti* (penalty) pada gradiennya (R1,
# Mescheder dkk. 2018). Setiap ukuran mulai dengan jaringan yang sudah menguasai ukuran sebelumnya.

# %%
generator, discriminator = Generator(), Discriminator()
g_optimizer = torch.optim.Adam(generator.parameters(), lr=0.001, betas=(0.0, 0.99))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.001, betas=(0.0, 0.99))


def draw(z, size, share=1.0):
    """Kembalikan gambar pada sebuah ukuran dari laten, dengan lapisannya sendiri dimunculkan sebesar porsinya."""
    w = generator.mapping(z)
    other = generator.mapping(torch.randn_like(z)) if generator.training and torch.rand(1) < 0.5 else w
    pictures = generator([w, other, other], size)
    if share < 1:
        return share * pictures[-1] + (1 - share) * enlarge(pictures[-2], size)
    return pictures[-1]


same_z = torch.randn(16, LATENT)
moments = []
for size, steps in ((8, STEPS_8), (16, STEPS_16), (32, STEPS_32)):
    began, real_pictures = time.process_time(), shrink(large, size)
    for step in range(steps):
        share = 1.0 if size == SIZES[0] else min(1.0, 2 * step / steps)
        real = real_pictures[torch.randint(len(large), (32,))]
        if share < 1:  # gambar asli juga dimunculkan perlahan
            real = share * real + (1 - share) * enlarge(shrink(real, size // 2), size)
        drawn = draw(torch.randn(32, LATENT), size, share)

        real.requires_grad_(step % 8 == 0)
        real_logits = discriminator(real, share)
        d_loss = F.softplus(-real_logits).mean() + F.softplus(discriminator(drawn.detach(), share)).mean()
        if step % 8 == 0:
            (gradient,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
            d_loss = d_loss + 8 * 0.5 * gradient.square().sum((1, 2, 3)).mean()
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()

        discriminator.requires_grad_(False)
        g_loss = F.softplus(-discriminator(drawn, share)).mean()
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        discriminator.requires_grad_(True)
    with torch.no_grad():
        moments.append(enlarge(draw(same_z, size), 32))
    print(f"{size} x {size}: {1000 * (time.process_time() - began) / steps:.0f} ms a step")

# %% alt="16 orang di akhir setiap ukuran: bercak warna, lalu kepala dan badan, lalu orang dengan rambut dan wajah"
sheet(torch.cat(moments))

# %% [markdown]
# **Pertanyaan 1.** Lihat waktunya. Mengapa sebaiknya banyak langkah (step) dijalankan pada ukuran kecil?
#
# <details>
# <summary>Jawaban</summary>
#
# Langkah itu murah, dan di sanalah keputusan yang sulit diambil: apa yang ada di mana. Pada 32 x 32, yang tersisa untuk
# dipelajari hanyalah detail.
#
# </details>
#
# **Pertanyaan 2.** Mengapa gambar *asli* juga dimunculkan perlahan?
#
# <details>
# <summary>Jawaban</summary>
#
# Kalau tidak, diskriminator punya cara mudah untuk menang: apa pun yang kabur pasti buatan.
#
# </details>
#
# ## Gradien multiskala
#
# Generator kita menggambar dalam semua ukuran sekaligus. Inilah gambarnya, dari laten yang sama:

# %% alt="Delapan orang dalam tiga ukuran: bercak pucat pada 8, orang pucat pada 16, warna kuat pada 32"
generator.eval()
with torch.no_grad():
    w = generator.mapping(torch.randn(8, LATENT))
    pictures = generator([w] * 3, 32)
sheet(torch.cat([enlarge(each, 32) for each in pictures]), 8, zoom=3)

# %% [markdown]
# Tumbuh bertahap membutuhkan jadwal: kapan tumbuh, dan seberapa cepat dimunculkan. MSG-GAN tidak membutuhkannya. Ia
# memperlihatkan *semua* ukuran ini kepada diskriminator, sepanjang waktu. Dengan begitu gradien langsung sampai ke
# setiap ukuran, dan ukuran kasar terbentuk lebih dulu dengan sendirinya, karena lebih mudah. Di Ganvas: resep (recipe)
# `progressive` dan `multiscale`.
#
# **Pertanyaan 3.** Dalam pelatihan kita, gambar kecil tidak dinilai lagi begitu pelatihan sampai di ukuran 32. Lihat
# lagi gambar kecil itu: apa yang terjadi padanya sejak ia bukan lagi yang terbesar?
#
# <details>
# <summary>Jawaban</summary>
#
# Warnanya hilang. Yang dinilai hanya jumlahnya, dan lapisan di atasnya membetulkan apa yang salah di bawah. Dengan
# gradien multiskala, gambar kecil harus tetap bagus.
#
# </details>
#
# ## Mencampur
#
# Setiap ukuran punya gayanya, dan gaya dapat dipertukarkan. Dalam tabel ini, setiap orang mengambil gaya *kasar* (8 x
# 8) dari kiri dan gaya yang *lebih halus* (16 dan 32) dari atas.
#
# **Tebak dulu.** Apa yang akan datang dari kiri, dan apa dari atas?

# %% alt="Tabel berisi orang: sepanjang baris bentuknya sama, sepanjang kolom warnanya sama"
with torch.no_grad():
    rows, columns = generator.mapping(torch.randn(4, LATENT)), generator.mapping(torch.randn(8, LATENT))
    left, above = generator([rows] * 3, 32)[-1], generator([columns] * 3, 32)[-1]
    table = [torch.ones(1, 3, 32, 32), above]
    for at in range(4):
        mixed = generator([rows[at : at + 1].expand(8, -1), columns, columns], 32)[-1]
        table += [left[at : at + 1], mixed]
sheet(torch.cat(table), 9, zoom=3)

# %% [markdown]
# Inilah versi kecil dari gambar 3 di makalah StyleGAN. Dengan hasil pelatihan (run) dari resep `stylegan2`,
# `ganvas.mix` menggambarnya. Tetapi StyleGAN2 membutuhkan GPU, atau waktu semalaman.
#
# **Pertanyaan 4.** Apa bedanya mencampur dengan mengambil titik tengah antara dua laten?
#
# <details>
# <summary>Jawaban</summary>
#
# Di titik tengah, *semuanya* setengah dari yang satu dan setengah dari yang lain. Dalam campuran, sebagian sifat
# sepenuhnya milik yang satu, dan selebihnya sepenuhnya milik yang lain: bentuk dari yang satu, warna dari yang lain.
#
# </details>
#
# ## Memperbesar
#
# Daripada menggambar yang besar, kita bisa menggambar dalam ukuran kecil lalu *memperbesarnya*. Jaringan yang sudah
# melihat banyak orang pada 32 dan 64 piksel tahu seperti apa mata kalau diperbesar. Untuk percobaan pertama, kita tidak
# membutuhkan GAN: jaringannya melihat gambar kecil, lalu menyebutkan apa yang harus ditambahkan pada pembesaran biasa.
#
# **Tebak dulu.** Ia dilatih supaya galatnya sekecil mungkin, piksel demi piksel. Apa yang Anda ketahui tentang itu
# dari notebook 3?

# %%
enlarger = nn.Sequential(
    nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(),
    nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(),
    nn.Conv2d(32, 12, 3, padding=1), nn.PixelShuffle(2),
)  # fmt: skip
optimizer = torch.optim.Adam(enlarger.parameters(), lr=0.002)
small = shrink(large, 32)
plain = F.interpolate(small, scale_factor=2, mode="bicubic")
learned_from = torch.arange(len(large)) % 10 > 0  # satu dari setiap sepuluh orang disisihkan untuk ujian
for _ in range(STEPS_64):
    some = torch.nonzero(learned_from).flatten()[torch.randint(int(learned_from.sum()), (16,))]
    loss = (plain[some] + enlarger(small[some]) - large[some]).abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

with torch.no_grad():
    unseen = ~learned_from
    result = plain[unseen] + enlarger(small[unseen])
print(f"off by, plain enlargement: {(plain[unseen] - large[unseen]).abs().mean():.4f}")
print(f"off by, with the network:  {(result - large[unseen]).abs().mean():.4f}")

# %% alt="Atas, enam orang diperbesar biasa, lembut; tengah, oleh jaringan, lebih tegas; bawah, apa adanya"
shown = slice(40, 46)
sheet(torch.cat([plain[unseen][shown], result[shown], large[unseen][shown]]), 6, zoom=2)

# %% [markdown] Hasilnya lebih tegas daripada pembesaran biasa, dan lebih lembut daripada gambar aslinya, seperti yang
# sudah Anda tebak. Diskriminatorlah yang bisa membuatnya tajam. Itulah yang dilakukan resep `quick` dan `keen` di
# Ganvas untuk gambar 64 sampai 256 piksel di CPU: menggambar pada 32, dan belajar memperbesar. Jadi gambar besar hanya
# sedikit lebih mahal daripada gambar kecil.
#
# ## Coba rusakkan
#
# 1. Jadikan semua jumlah langkah 0, kecuali untuk 32, dan berikan seluruh waktunya ke situ. Apa yang kurang?
# 2. Jangan memunculkan perlahan: `share = 1.0`. Lihat gambarnya setiap kali ukurannya baru bertambah.
# 3. Bagi tabelnya dengan cara lain: kasar *dan* tengah dari kiri, hanya yang paling halus dari atas.
# 4. Jangan pernah mencampur selama pelatihan (`torch.rand(1) < 0`). Apakah tabelnya masih bagus?
# 5. Biarkan jaringan pembesar memperbesar apa yang digambar generator. Tahukah ia apa yang harus dilakukannya?
#
# <details>
# <summary>Apa yang akan terjadi</summary>
#
# 1. Semestinya bentuknya lebih buruk: apa yang ada di mana sulit dipelajari langsung dari 32 x 32 piksel.
# 2. Untuk sementara, gambarnya lebih buruk daripada sebelum tumbuh.
# 3. Hanya sedikit yang masih datang dari atas: terutama warna.
# 4. Kurang bagus. Ukuran-ukurannya sudah terbiasa saling mengandalkan.
# 5. Sebagian. Ia hanya pernah melihat orang asli, sedangkan orang buatan punya cacat yang lain. Resep di Ganvas
#    membuatnya belajar dari keduanya.
#
# </details>
#
# Berikutnya: `06_style_transfer`.
