# The daemon in a container: read-only root, one volume, a user without rights. `docker build .` needs a package index
# and a registry; which ones is for the machine that builds to know.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
# Everything that is installed later comes out of this folder, and nothing gets into it without its hash.
COPY constraints.txt ./
RUN pip wheel --no-deps --require-hashes --wheel-dir /wheels --requirement constraints.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY parsers parsers
COPY sinks sinks
COPY fixtures/mails fixtures/mails
# Versions are those of the folder of checked wheels.
# hadolint ignore=DL3013
RUN pip install --no-index --find-links /wheels hatchling \
 && pip wheel --no-index --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python -m venv /opt/mailbridge \
 && /opt/mailbridge/bin/pip install --no-index --find-links /wheels 'mailbridge-daemon[postgres]'

FROM python:${PYTHON_VERSION}-slim
LABEL org.opencontainers.image.title="mailbridge" \
      org.opencontainers.image.description="Reads one shared mailbox of notification mails and writes every interest into the CRM, exactly once" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 mailbridge \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/mailbridge --shell /usr/sbin/nologin mailbridge \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/mailbridge
COPY --from=build /opt/mailbridge /opt/mailbridge
# The ledger belongs into the volume, whatever the configuration file says.
ENV PATH=/opt/mailbridge/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MAILBRIDGE_LEDGER__URL=sqlite:////var/lib/mailbridge/mailbridge.db
USER 10001:10001
WORKDIR /var/lib/mailbridge
VOLUME ["/var/lib/mailbridge"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=20s --start-period=120s --retries=3 \
    CMD ["mailbridge", "health", "-c", "/etc/mailbridge/config.toml"]
ENTRYPOINT ["mailbridge"]
CMD ["run", "-c", "/etc/mailbridge/config.toml"]
