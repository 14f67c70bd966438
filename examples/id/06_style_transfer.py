# %% [markdown]
# <!-- translated from examples/06_style_transfer.py at e028dde61bd2 -->
# # 6. Transfer gaya: foto dengan gaya lukisan
#
# Ini bukan GAN. Tidak ada jaringan (network) yang dilatih di sini. Sebuah jaringan, yang dulu dilatih orang untuk
# membedakan anjing dari mobil, *melihat* gambar, dan kita mengubah piksel sebuah gambar sampai jaringan itu melihat apa
# yang kita inginkan: isi (content) sebuah foto, dengan gaya (style) sebuah lukisan. Inilah transfer gaya (style
# transfer; Gatys, Ecker, dan Bethge 2016).
#
# Anda akan menulis ketiga kerugiannya (loss), masing-masing dalam beberapa baris, dan melihat pengaruhnya satu per
# satu. Anda akan melukis mulai dari derau (noise) dan dari foto, lalu mengadu dua pengoptimal (optimizer). Waktunya
# sekitar dua menit di dua inti CPU.

# %%
# Di notebook daring, sel ini memasang Ganvas. Kalau Ganvas sudah terpasang, tidak terjadi apa-apa.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
SIZE = 128  # piksel gambar yang kita lukis sendiri
STEPS = 40  # untuk masing-masing
LARGE = 224  # piksel gambar yang dilukis Ganvas

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch.nn import functional as F
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

import ganvas
from ganvas import builtin
from ganvas.config import StyleConfig

torch.manual_seed(0)
PHOTO = builtin.photo()  # astronaut; tulis lokasi foto Anda sendiri di sini
PAINTING = builtin.paintings()[0]  # Malam Berbintang (The Starry Night)


def read(path):
    """Kembalikan sebuah gambar sebagai tensor (1, 3, SIZE, SIZE) bernilai 0 sampai 1."""
    picture = Image.open(path).convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    picture = picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS, (left, top, left + side, top + side))
    return torch.tensor(np.asarray(picture)).permute(2, 0, 1)[None].contiguous() / 255


def sheet(*pictures):
    """Kembalikan gambar (1, 3, H, W), dijajarkan dan diperbesar."""
    row = to_pil_image(make_grid(torch.cat(pictures).detach().clamp(0, 1), len(pictures), padding=2, pad_value=1))
    return row.resize((2 * row.width, 2 * row.height), Image.Resampling.LANCZOS)


# %% alt="Potret seorang astronaut, dan Malam Berbintang karya Van Gogh"
photo, painting = read(PHOTO), read(PAINTING)
sheet(photo, painting)

# %% [markdown]
# ## Jaringan yang melihat
#
# VGG-16 (Simonyan dan Zisserman 2014) dulu belajar menyebutkan apa yang ada di sebuah foto. Bobotnya (weights) sudah
# disertakan di Ganvas. Isinya sembilan konvolusi (convolution) berturut-turut. Di antara blok-bloknya, ukuran gambar
# dibagi dua. Lapisan (layer) awal bereaksi terhadap garis tepi dan warna, lapisan yang lebih dalam terhadap
# bagian-bagian benda. Tanggapan setiap lapisan disebut *fitur* (feature).

# %%
weights = {name: tensor.float() for name, tensor in load_file(builtin.vgg16()).items()}
layers = sorted(name[:7] for name in weights if name.endswith("weight"))
print(*layers)


def features(picture):
    """Kembalikan apa yang dilihat setiap lapisan VGG-16 pada sebuah gambar (1, 3, H, W)."""
    seen, found = picture * 255 - torch.tensor([123.68, 116.78, 103.94]).view(1, 3, 1, 1), {}
    for layer in layers:
        if layer.endswith("_1") and layer != "conv1_1":
            seen = F.avg_pool2d(seen, 2)
        seen = F.conv2d(seen, weights[f"{layer}.weight"], weights[f"{layer}.bias"], padding=1).relu()
        found[layer] = seen
    return found


# %% [markdown]
# ## Tiga kerugian
#
# **Isi.** Dua gambar memperlihatkan hal yang sama kalau sebuah lapisan yang dalam memberi tanggapan yang sama *di
# tempat yang sama*.
#
# **Gaya.** Sapuan (stroke) dan warna sama saja di mana pun letaknya. Jadi kita membuang letaknya, dan hanya menyimpan
# *fitur mana yang muncul bersama*: kuning muda dengan pusaran, biru tua dengan sapuan panjang. Caranya: kalikan setiap
# kanal (channel) dengan setiap kanal lain, lalu ambil rata-ratanya dari semua tempat. Tabel ini disebut **matriks
# Gram** (Gram matrix).
#
# **Variasi.** Piksel yang bersebelahan sebaiknya tidak berbeda tanpa alasan. Ini hanya permintaan ringan, supaya
# gambarnya tidak berbintik.
#
# Dua kerugian pertama kita bagi dengan besarnya nilai yang diinginkan. Dengan begitu, keduanya sekitar 1 kalau belum
# ada yang benar, dan 0 kalau semuanya benar.

# %%
CONTENT_LAYER = "conv4_2"
STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")


def gram(seen):
    """Kembalikan seberapa kuat setiap dua kanal fitur (1, C, H, W) muncul bersama: (C, C)."""
    flat = seen.flatten(2)[0]  # (C, tempat)
    return flat @ flat.T / flat.shape[1]


def content_loss(found, wanted):
    """Kembalikan seberapa jauh isinya dari yang diinginkan."""
    wanted = wanted[CONTENT_LAYER]
    return (found[CONTENT_LAYER] - wanted).square().sum() / wanted.square().sum()


def style_loss(found, wanted):
    """Kembalikan seberapa jauh gayanya dari yang diinginkan, sebagai rata-rata antarlapisan."""
    losses = []
    for layer in STYLE_LAYERS:
        goal = gram(wanted[layer])
        losses.append((gram(found[layer]) - goal).square().sum() / goal.square().sum())
    return torch.stack(losses).mean()


def variation_loss(picture):
    """Kembalikan seberapa berbeda piksel yang bersebelahan."""
    across, down = picture.diff(dim=3), picture.diff(dim=2)
    return across.square().mean() + down.square().mean()


# %% [markdown]
# ## Melukis
#
# Yang dilatih adalah gambarnya: hanya pikselnya yang punya `requires_grad`.

# %%
with torch.no_grad():
    content_wanted, style_wanted = features(photo), features(painting)


def paint(start, content=0.05, style=1.0, variation=0.1, optimizer="lbfgs"):
    """Kembalikan gambar yang bermula dari `start` dengan kerugian sekecil mungkin, dan kerugiannya sepanjang jalan."""
    picture, losses = start.clone().requires_grad_(), []
    if optimizer == "lbfgs":
        chosen = torch.optim.LBFGS([picture], max_iter=STEPS, max_eval=STEPS, line_search_fn="strong_wolfe")
    else:
        chosen = torch.optim.Adam([picture], lr=0.03)

    def measure():
        chosen.zero_grad()
        found = features(picture)
        loss = content * content_loss(found, content_wanted) + style * style_loss(found, style_wanted)
        loss = loss + variation * variation_loss(picture)
        loss.backward()
        losses.append(loss.item())
        return loss

    for _ in range(1 if optimizer == "lbfgs" else STEPS):  # satu langkah L-BFGS memuat banyak langkah
        chosen.step(measure)
    return picture.detach(), losses


noise = torch.rand(1, 3, SIZE, SIZE) * 0.2 + 0.4

# %% [markdown]
# **Tebak dulu.** Kita mulai dari derau abu-abu. Apa hasilnya kalau hanya isinya yang dihitung? Kalau hanya gayanya?
# Kalau keduanya?

# %% alt="Dari derau: astronaut beriak warna pelangi; pusaran dan cahaya saja; astronaut yang tersusun dari pusaran"
only_content, _ = paint(noise, style=0)
only_style, _ = paint(noise, content=0)
both, _ = paint(noise)
sheet(only_content, only_style, both)

# %% [markdown]
# **Pertanyaan 1.** Di gambar pertama, semuanya berada di tempatnya. Tetapi bagian yang seharusnya mulus tampak beriak,
# dan berkilau dalam segala warna. Mengapa?
#
# <details>
# <summary>Jawaban</summary>
#
# Lapisan `conv4_2` terletak setelah ukuran gambar tiga kali dibagi dua. Setiap bilangannya melihat sepotong besar
# gambar sekaligus, dan banyak pola halus menghasilkan tanggapan yang sama. Apa yang tidak dilihat lapisan itu tidak
# dapat diminta oleh kerugiannya.
#
# </details>
#
# **Pertanyaan 2.** Gambar kedua punya sapuan, cahaya, dan warna biru dari Malam Berbintang (The Starry Night), tetapi
# tidak ada desa dan pohon siprusnya. Mengapa?
#
# <details>
# <summary>Jawaban</summary>
#
# Matriks Gram adalah rata-rata dari semua tempat. Ia tahu bahwa kuning muncul bersama pusaran, tetapi tidak tahu di
# mana. Sedangkan desa adalah soal *di mana*.
#
# </details>
#
# ## Mulai dari mana
#
# **Tebak dulu.** Bagaimana kalau kita mulai dari foto, atau dari lukisan?

# %% alt="Tiga astronaut dalam pusaran: mulai dari derau, lebih bebas; dari foto, paling jelas; dari lukisan"
from_photo, lbfgs_losses = paint(photo)
from_painting, _ = paint(painting)
sheet(both, from_photo, from_painting)

# %% [markdown] Ketiganya dinilai dengan kerugian yang sama, tetapi gambarnya berbeda. Ada banyak lukisan yang baik, dan
# yang ditemukan adalah yang terdekat dari titik awalnya. Kalau mulai dari foto, wajahnya tetap jelas. Kalau mulai dari
# derau, hasilnya lebih bebas.
#
# ## Adam lawan L-BFGS
#
# Adam mengambil banyak langkah yang murah dan hati-hati. L-BFGS mengingat langkah-langkah terakhirnya, dan menebak dari
# situ bagaimana lengkung medannya: langkahnya lebih panjang, tetapi masing-masing lebih mahal. Melihat gambar dengan
# VGG jauh lebih mahal daripada keduanya, maka kita memberi keduanya kesempatan melihat yang sama banyaknya.
#
# **Tebak dulu.** Kerugian siapa yang lebih rendah setelah tiga kali melihat? Dan pada akhirnya?

# %% alt="Dua kurva menurun: Adam lebih rendah pada tujuh kali melihat yang pertama, sesudah itu L-BFGS"
_, adam_losses = paint(photo, optimizer="adam")
plt.figure(figsize=(6, 3))
plt.plot(lbfgs_losses, label="L-BFGS")
plt.plot(adam_losses, label="Adam")
plt.xlabel("times that VGG has looked")
plt.ylabel("loss")
plt.yscale("log")
plt.legend()
plt.show()

# %% [markdown]
# **Pertanyaan 3.** Untuk GAN, semua orang memakai Adam dan tidak ada yang memakai L-BFGS. Mengapa di sini terbalik?
#
# <details>
# <summary>Jawaban</summary>
#
# L-BFGS membandingkan gradien dari langkah-langkah terakhirnya. Itu hanya masuk akal kalau pertanyaannya tetap sama
# dari langkah ke langkah. Di sini memang begitu: satu gambar, satu kerugian. Dalam GAN, setiap langkah melihat gambar
# lain dan menghadapi lawan yang lain. Lagi pula, dalam GAN tidak ada kerugian yang harus turun.
#
# </details>
#
# ## Dengan Ganvas
#
# `ganvas.stylize` melakukan apa yang sudah Anda tulis, dari kecil ke besar: mula-mula ia melukis gambar kecil, karena
# di sana satu sapuan menutupi bidang yang luas dan satu langkah murah, lalu menggandakan ukurannya. Statistik yang
# dipakainya lebih baik daripada matriks Gram, dan di tepi gambar tidak muncul bingkai. Ubah `PHOTO` di atas untuk
# melukis foto Anda sendiri.

# %% alt="Astronaut dengan sapuan dan warna Malam Berbintang, wajahnya jelas"
events = list(ganvas.stylize(PHOTO, PAINTING, "painted.png", StyleConfig(size=LARGE)))
Image.open("painted.png").convert("RGB")

# %% [markdown]
# ## Coba rusakkan
#
# 1. Lukislah dengan `content=1`, lalu dengan `content=0.002`.
# 2. Untuk gayanya, pakai hanya `conv1_1`, lalu hanya `conv4_1`. Apa yang diketahui masing-masing tentang sebuah
#    lukisan?
# 3. Pakai `conv1_1` untuk isinya. Seberapa banyak kebebasan melukis yang tersisa?
# 4. Coba `variation=0`, lalu `variation=30`.
# 5. Pakai foto Anda sendiri, dan `builtin.paintings()[1]`. Lalu coba
#    `StyleConfig(size=512, strength=0.6, colors="luma")`. docs/style.md memperlihatkan apa yang dilakukan setiap
#    setelan.
#
# <details>
# <summary>Apa yang akan terjadi</summary>
#
# 1. Foto dengan sedikit warna; lalu pusaran, dengan astronaut yang sulit ditemukan di dalamnya.
# 2. `conv1_1` mengenal warna dan bintik halus, tetapi tidak mengenal sapuan. `conv4_1` mengenal bentuk besar, tetapi
#    tidak mengenal warna yang persis.
# 3. Sedikit sekali. Lapisan itu melihat hampir setiap piksel, dan menginginkan semuanya kembali.
# 4. Agak berbintik; lalu kabur.
#
# </details>
#
# Berikutnya: `07_your_own_pictures`.
