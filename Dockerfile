# The agent as an image: nothing but Python, the locked dependencies and the wheel in the final stage; no root, no
# compiler, no pip. Build: docker build -t stability-probe .   Run: docs/deployment.md
ARG PYTHON=3.12-slim-bookworm

FROM python:${PYTHON} AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
# Dependencies first: this layer is built again only when the lock changes.
COPY requirements.lock ./
RUN python -m venv --without-pip /opt/probe \
 && pip --python /opt/probe/bin/python install --require-hashes --no-deps --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY config ./config
COPY dashboards ./dashboards
COPY probe ./probe
RUN pip wheel --no-deps --wheel-dir /wheels . \
 && pip --python /opt/probe/bin/python install --no-deps --no-index /wheels/*.whl

FROM python:${PYTHON}
# Any number but 0: the volume's folder belongs to it.
ARG UID=10001
COPY --from=build /opt/probe /opt/probe
RUN python -m pip uninstall --quiet --yes --root-user-action=ignore pip \
 && install -d -o ${UID} -g ${UID} -m 0750 /var/lib/probe
# PROBE_LISTEN wins over the configuration's `listen`: within a container loopback would reach nobody.
ENV PATH=/opt/probe/bin:$PATH \
    HOME=/var/lib/probe \
    PROBE_LISTEN=0.0.0.0:9781 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER ${UID}:${UID}
# The ledger of what is rented lives here (`state: ./state`): without a volume a new container knows nothing of it.
WORKDIR /var/lib/probe
VOLUME ["/var/lib/probe"]
EXPOSE 9781
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-S", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9781/-/healthy', timeout=4)"]
ENTRYPOINT ["probe"]
CMD ["run"]
