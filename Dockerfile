# syntax=docker/dockerfile:1

FROM node:22-bookworm-slim AS web
WORKDIR /web/graphiql
COPY web/graphiql/package.json web/graphiql/package-lock.json web/graphiql/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web/graphiql .
RUN npm run build

FROM rust:1.95-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends cmake libclang-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
COPY --from=web /web/graphiql/dist web/graphiql/dist
# The binary is copied out because a cache is no part of the image.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin pitwall \
    && install -D target/release/pitwall /out/pitwall

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libgomp1 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin pitwall \
    && install -d -o pitwall -g pitwall /data
COPY --from=build /out/pitwall /usr/local/bin/pitwall
USER pitwall
WORKDIR /data
VOLUME /data
ENV DATABASE_URL=sqlite:///data/pitwall.db \
    PITWALL__SERVER__HOST=0.0.0.0
EXPOSE 4000
# bash speaks TCP, so that the image needs no HTTP client.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${PITWALL__SERVER__PORT:-4000} && printf 'GET /health/live HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]"]
ENTRYPOINT ["pitwall"]
CMD ["serve"]
