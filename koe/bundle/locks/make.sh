# From the checkout's root, with uv: one lock for each platform. Packages are left out that moonshine-voice
# and cffi need only for parts that koe does not use, and that httpx needs to send: pyreqwest sends.
for platform in linux-x86_64=x86_64-manylinux_2_34 linux-aarch64=aarch64-manylinux_2_34 \
  windows-x86_64=x86_64-pc-windows-msvc macos-arm64=aarch64-apple-darwin macos-x86_64=x86_64-apple-darwin
do
  MACOSX_DEPLOYMENT_TARGET=15.0 uv pip compile --quiet --no-header --no-annotate --generate-hashes --group bundle --no-sources \
    --python-version 3.11 --python-platform "${platform#*=}" --constraint requirements.lock \
    --no-emit-package requests --no-emit-package urllib3 --no-emit-package charset-normalizer \
    --no-emit-package filelock --no-emit-package platformdirs --no-emit-package tqdm \
    --no-emit-package google-crc32c --no-emit-package numpy --no-emit-package sounddevice \
    --no-emit-package httpcore --no-emit-package h2 --no-emit-package hpack \
    --no-emit-package hyperframe --no-emit-package h11 --no-emit-package anyio \
    --no-emit-package certifi --no-emit-package socksio --no-emit-package colorama --no-emit-package pycparser \
    --output-file "koe/bundle/locks/${platform%=*}.txt"
done
