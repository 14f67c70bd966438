# %% [markdown]
# <!-- translated from examples/01_what_a_gan_is.py at 1e2cf78cfd7b -->
# # 1. Apa itu GAN
#
# Dua jaringan saraf (network) memainkan sebuah permainan. Yang satu, **generator**, menggambar dari bilangan acak. Yang
# lain, **diskriminator** (discriminator), melihat gambar asli dan gambar buatan, lalu menyebutkan mana yang asli dan
# mana yang buatan. Generator ingin dipercaya. Diskriminator tidak mau tertipu. Tidak ada yang pernah memberi tahu
# generator seperti apa rupa sebuah angka. Ia belajar dari lawannya saja.
#
# Sesederhana itulah *generative adversarial network* (Goodfellow dkk. 2014). Di notebook ini Anda menulisnya sendiri
# dalam empat puluh baris, lalu menyaksikan angka-angka bermunculan. Waktunya sekitar dua menit di dua inti CPU. Anda
# cukup mengenal sedikit Python. Tentang GAN, Anda belum perlu tahu apa-apa.

# %%
# Di notebook daring, sel ini memasang Ganvas. Kalau Ganvas sudah terpasang, tidak terjadi apa-apa.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
STEPS = 6000  # untuk pelatihan kita sendiri
IMAGES = 250_000  # yang dilihat Ganvas dalam pelatihannya

# %%
import tempfile

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

import ganvas
from ganvas.events import Verdict

torch.manual_seed(0)


def sheet(pictures, columns=16, zoom=3):
    """Kembalikan gambar (N, 1, H, W) bernilai -1 sampai 1, dijajarkan dan diperbesar."""
    grid = to_pil_image(make_grid(pictures * 0.5 + 0.5, columns, padding=1).clamp(0, 1))
    return grid.resize((grid.width * zoom, grid.height * zoom), resample=0)


# %% [markdown]
# ## Gambar asli
#
# Inilah 1797 angka tulisan tangan. Semuanya sudah tersedia di scikit-learn. Setiap gambar berukuran 8 x 8 piksel; kita
# memperbesarnya menjadi 16 x 16. Bagi kita, gambar adalah bilangan: -1 berarti hitam, 1 berarti putih.

# %% alt="32 angka dari 0 sampai 9, tulisan tangan, putih di atas hitam dan agak kabur"
digits = torch.tensor(load_digits().images, dtype=torch.float32)[:, None] / 8 - 1  # (1797, 1, 8, 8)
digits = nn.functional.interpolate(digits, scale_factor=2, mode="bicubic").clamp(-1, 1)  # (1797, 1, 16, 16)
sheet(digits[:32])

# %% [markdown]
# ## Dua jaringan
#
# Keduanya *terhubung penuh* (fully connected): setiap bilangan di sebuah lapisan (layer) adalah jumlah berbobot dari
# semua bilangan di lapisan sebelumnya. Generator mengubah 32 bilangan acak, yaitu **laten** (latent) `z`, menjadi 256
# piksel. Diskriminator mengubah 256 piksel menjadi satu bilangan, yaitu **logit**. Di atas 0 artinya "menurut saya ini
# asli", di bawah 0 artinya "menurut saya ini buatan".

# %%
generator = nn.Sequential(
    nn.Linear(32, 128), nn.LeakyReLU(0.2),
    nn.Linear(128, 256), nn.LeakyReLU(0.2),
    nn.Linear(256, 256), nn.Tanh(),
    nn.Unflatten(1, (1, 16, 16)),
)  # fmt: skip
discriminator = nn.Sequential(
    nn.Flatten(),
    nn.Linear(256, 256), nn.LeakyReLU(0.2), nn.Dropout(0.3),
    nn.Linear(256, 128), nn.LeakyReLU(0.2), nn.Dropout(0.3),
    nn.Linear(128, 1),
)  # fmt: skip
g_optimizer = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))

# %% [markdown]
# ## Dua langkah
#
# Permainannya bergiliran. Setiap giliran terdiri atas dua langkah.
#
# 1. **Diskriminator belajar.** Ia melihat gambar asli dengan label 1 ("asli") dan gambar buatan dengan label 0
#    ("buatan"). `detach()` memutus gambar buatan dari generator, sehingga yang berubah hanya diskriminator.
# 2. **Generator belajar.** Diskriminator menilai gambar buatannya sekali lagi. Kali ini labelnya 1, padahal gambarnya
#    buatan. Generator seolah-olah bertanya, "Apa yang seharusnya saya lakukan supaya kamu bilang *asli*?" Jawabannya
#    mengalir balik *melalui* diskriminator. Selama itu diskriminator tidak boleh berubah: ia **dibekukan** (frozen).
#
# Kerugian (loss) yang dipakai adalah entropi silang biner (binary cross-entropy). Nilainya 0 kalau diskriminator yakin
# dan benar, 0.69 kalau ia asal menebak, dan besar kalau ia yakin tetapi salah.
#
# **Tebak dulu.** Biasanya, kerugian turun selama jaringan belajar. Apakah kerugian generator akan turun? Bagaimana
# dengan kerugian diskriminator?

# %%
bce = nn.functional.binary_cross_entropy_with_logits
same_z = torch.randn(32, 32)  # selalu sama, supaya perubahan gambar terlihat
history, moments = [], []

for step in range(STEPS + 1):
    if step in (0, STEPS // 20, STEPS // 4, STEPS):
        with torch.no_grad():
            moments.append(generator(same_z))
    real = digits[torch.randint(len(digits), (64,))]
    drawn = generator(torch.randn(64, 32))

    # 1. Diskriminator belajar: gambar asli 1, gambar buatan 0.
    real_logits, drawn_logits = discriminator(real), discriminator(drawn.detach())
    d_loss = bce(real_logits, torch.ones(64, 1)) + bce(drawn_logits, torch.zeros(64, 1))
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    # 2. Generator belajar: gambarnya seharusnya dikira asli.
    discriminator.requires_grad_(False)  # dibekukan
    g_loss = bce(discriminator(drawn), torch.ones(64, 1))
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    discriminator.requires_grad_(True)

    history.append((d_loss.item(), g_loss.item()))

# %% [markdown]
# ## Hasilnya
#
# Empat saat, masing-masing dua baris: sebelum langkah (step) pertama, setelah seperdua puluh dari semua langkah,
# setelah seperempatnya, dan di akhir. Setiap petak selalu memakai laten yang sama, jadi Anda dapat mengikuti satu angka
# dari atas ke bawah.

# %% alt="Delapan baris sampel: derau abu-abu, bercak putih, angka kasar, dan akhirnya angka, sebagian masih koyak"
sheet(torch.cat(moments))

# %% [markdown]
# Dan inilah kerugiannya:

# %% alt="Dua kurva bergerigi yang segera mendatar: kerugian generator maupun diskriminator tidak turun"
d_losses, g_losses = np.array(history).T
smooth = np.ones(max(1, STEPS // 100)) / max(1, STEPS // 100)
plt.figure(figsize=(7, 2.5))
for losses, name, color in ((d_losses, "discriminator", "tab:blue"), (g_losses, "generator", "tab:orange")):
    plt.plot(losses, color=color, alpha=0.2, linewidth=0.5)
    plt.plot(np.convolve(losses, smooth, "valid"), color=color, label=name)
plt.xlabel("step")
plt.ylabel("loss")
plt.legend()
plt.show()

# %% [markdown]
# **Pertanyaan 1.** Angkanya makin lama makin bagus, tetapi kerugiannya tidak turun. Mengapa?
#
# <details>
# <summary>Jawaban</summary>
#
# Kerugian hanya mengukur *seberapa unggul satu jaringan terhadap lawannya*, bukan seberapa bagus gambarnya. Kalau
# generator membaik, tugas diskriminator menjadi lebih sulit, dan sebaliknya. Bayangkan dua pemain catur yang belajar
# bersama: masing-masing memenangi kira-kira separuh dari semua partai, pada bulan pertama maupun pada bulan kesepuluh.
# Kerugiannya naik turun karena kadang yang satu sedikit unggul, kadang yang lain. Jadi, mutu gambar tidak dapat dibaca
# dari kerugian. Anda harus melihat gambarnya, atau mengukur hal lain: lihat notebook 8.
#
# </details>
#
# **Pertanyaan 2.** Seandainya diskriminator hanya bisa menebak, berapa kerugiannya menurut rumus di atas?
#
# <details>
# <summary>Jawaban</summary>
#
# Kerugiannya adalah jumlah dari dua bagian, satu untuk gambar asli dan satu untuk gambar buatan. Menebak menghasilkan
# 0.69 (logaritma dari 2) untuk masing-masing, jadi seluruhnya 1.39. Kurvanya berada jauh di bawah itu: hampir sepanjang
# waktu diskriminator masih melihat perbedaan.
#
# </details>
#
# **Pertanyaan 3.** Apa yang terjadi tanpa `detach()`? Dan apa yang terjadi kalau diskriminator tidak dibekukan?
#
# <details>
# <summary>Jawaban</summary>
#
# Tanpa `detach()`, langkah diskriminator ikut merambat balik melalui generator. Akibatnya, yang dibutuhkan langkah
# kedua sudah habis terpakai, dan torch berhenti dengan pesan kesalahan. Kalau Anda membuat gambar baru untuk langkah
# kedua, ruginya hanya waktu: generator memang menerima gradien "supaya mudah dikenali", tetapi
# `g_optimizer.zero_grad()` membuangnya sebelum sempat merusak. Kalau diskriminator tidak dibekukan, langkah generator
# meninggalkan gradien di dalamnya. `d_optimizer.zero_grad()` membuang gradien itu. Jadi, di sini pembekuan hanya
# menghemat waktu. Di Keras, sebuah model melatih semua yang ada di dalamnya, sehingga pembekuan wajib: di sana Anda
# menulis `discriminator.trainable = False`.
#
# </details>
#
# ## Hal yang sama dengan Ganvas
#
# `ganvas.train` melakukan apa yang baru saja Anda tulis, dan juga apa yang mungkin akan Anda tulis berikutnya:
# menyimpan, mengukur, menggambar sampel, dan mengawasi pelatihan. Resep (recipe) `fc` adalah GAN terhubung penuh.
# Selama bekerja, `ganvas.train` mengabarkan setiap *kejadian* (event): langkah, sampel, apa yang disimpan. Kita
# mencetak kabar dari pendamping (coach), yang menilai seberapa sehat pelatihannya.

# %%
np.save("digits.npy", ((digits[:, 0] + 1) * 127.5).byte().numpy())  # atau nama folder berisi gambar
run = tempfile.mkdtemp(prefix="fc-", dir=".")  # setiap kali folder baru
for event in ganvas.train("digits.npy", run, recipe="fc", size=16, images=IMAGES):
    if isinstance(event, Verdict):
        print(f"after {event.images_seen:,} images: {event.name}. {event.what}")

# %% alt="32 angka yang digambar Ganvas, kebanyakan terbaca"
sheet(ganvas.load(run).sample(32).float() / 127.5 - 1)

# %% [markdown]
# **Punya MNIST?** Ganti `"digits.npy"` dengan lokasi berkas `train-images-idx3-ubyte.gz`, dan hapus `size=16`.
#
# ## Coba rusakkan
#
# Ubah satu hal di sel-sel di atas, *katakan dulu apa yang Anda duga*, lalu jalankan lagi mulai dari "Dua jaringan".
#
# 1. Beri langkah generator label 0 (`torch.zeros`). Apa yang dipelajarinya sekarang?
# 2. Biarkan generator belajar dengan `lr=0.02`, seratus kali lebih cepat. Apakah ia menang?
# 3. Pakai `torch.randn(64, 1)` sebagai laten (di tiga tempat). Berapa angka berbeda yang Anda dapat?
# 4. Buang `Dropout`. Kerugian mana yang bergeser, dan apakah angkanya membaik?
#
# <details>
# <summary>Apa yang akan terjadi</summary>
#
# 1. Ia belajar menggambar apa yang pasti *tidak* dikira asli. Tidak ada yang mirip angka.
# 2. Tidak, ia kalah. Langkah raksasanya melemparnya ke gambar hitam putih yang sangat kontras, dan ia tidak bisa keluar
#    dari sana. Kerugian diskriminator turun ke 0, sedangkan kerugian generator melonjak. Notebook 4 membahas hal ini.
# 3. Satu bilangan hanya dapat menelusuri sebuah garis. Jadi semua angka terletak di satu garis, dan angka yang
#    bersebelahan berangsur berubah dari yang satu menjadi yang lain.
# 4. Dropout menghambat diskriminator. Tanpa dropout, kerugiannya semestinya lebih rendah. Dengan gambar sesedikit ini,
#    ia mulai menghafal.
#
# </details>
#
# Berikutnya: `02_dcgan`. Di sana jaringan belajar melihat.
