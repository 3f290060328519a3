# Installs one image's locked wheels with no network. The build puts it before the image's own Dockerfile.
ARG BASE
ARG PARENT
FROM $BASE AS wheels
LABEL carrel.image=wheels
COPY wheels /wheels
COPY requirements.txt /requirements.txt
RUN python3 -m venv --without-pip /opt/carrel \
 && /opt/carrel/bin/python /wheels/pip.whl/pip install --quiet --no-index --no-deps --require-hashes \
      --find-links /wheels --no-cache-dir -r /requirements.txt
