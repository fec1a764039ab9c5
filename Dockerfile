# The portal alone. Built from the committed `.sqlx/`, so no database is needed here.
FROM rust:1.95-bookworm AS build
# The image has this toolchain; without the variable rustup would fetch it once more, with tools.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /build
COPY . .
RUN cargo build --locked --release --package slipway

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates tzdata \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/target/release/slipway /usr/local/bin/slipway
USER 65532:65532
ENTRYPOINT ["slipway"]
CMD ["serve"]
