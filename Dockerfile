# The image is made by the same steps as `make run`, so every test run exercises them.
FROM python:3.13-slim-trixie AS packages
WORKDIR /srv/register
COPY weisf/steps weisf/steps
COPY requirements.txt requirements-notify.txt requirements-oidc.txt requirements-s3.txt ./
# Packages that are chosen: notify, oidc, s3, or several.
ARG EXTRAS=""
RUN sh weisf/steps/setup.sh python

# Node is needed to install the design system, and stays behind in this stage.
FROM packages AS files
COPY package.json package-lock.json requirements-node.txt ./
RUN sh weisf/steps/setup.sh assets
COPY . .
RUN sh weisf/steps/setup.sh static

FROM python:3.13-slim-trixie
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin register \
    && install --directory --owner register --mode 750 /data
WORKDIR /srv/register
COPY --from=packages /srv/register/.venv .venv
COPY . .
COPY --from=files /srv/register/var var
ENV DATA_DIR=/data \
    WEB_HOST=0.0.0.0 \
    PORT=8000 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["sh", "weisf/steps/serve.sh", "health"]
CMD ["sh", "weisf/steps/serve.sh", "container"]
