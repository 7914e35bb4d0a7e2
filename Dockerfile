# syntax=docker/dockerfile:1
FROM oven/bun:1.4.5 AS build
WORKDIR /app
# CI=true keeps the Git hooks, which have no repository here, from being installed.
ENV CI=true
COPY package.json bun.lock bunfig.toml ./
COPY .patches .patches
RUN bun install --frozen-lockfile --production
COPY tsconfig.json ./
COPY drizzle drizzle
COPY src src
RUN bun run build && mkdir /data

# glibc, CA certificates, time zones and an unprivileged user; no shell, no package manager.
FROM gcr.io/distroless/base-debian12:nonroot
COPY --from=build /app/dist/orbweaver /orbweaver
COPY LICENSE /LICENSE
# A fresh named volume takes the owner of the folder it covers.
COPY --from=build --chown=nonroot:nonroot /data /data
ENV ENVIRONMENT=production AUTH=on HOST=0.0.0.0 DATA_DIR=/data
VOLUME /data
USER nonroot
EXPOSE 3000
# Asked at PORT, which is 3000 here: a worker, which takes any port, is run as `worker --port 3000`.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["/orbweaver", "health"]
ENTRYPOINT ["/orbweaver"]
CMD ["serve"]
