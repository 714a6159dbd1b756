# Customhouse in a container: one binary, as a user without rights, with a
# read-only root if you like. The project is mounted at /project, and what the
# process must remember (.customhouse) lives there unless the target's state: is
# a PostgreSQL database.
#
#   docker build -t customhouse .
#   docker run --rm -v "$PWD:/project" customhouse run

FROM golang:1.26-bookworm AS build
WORKDIR /source
COPY . .
# DuckDB is linked in, which needs cgo; its library comes with its module. No
# `go mod download`: that would fetch the libraries of every platform.
RUN CGO_ENABLED=1 go build -trimpath -ldflags '-s -w' -o /customhouse ./cmd/customhouse

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libstdc++6 tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 65532 --user-group --no-create-home --shell /usr/sbin/nologin customhouse \
    && install -d -o customhouse -g customhouse /project
COPY --from=build /customhouse /usr/local/bin/customhouse
USER 65532:65532
WORKDIR /project
VOLUME /project
# Progress as one JSON object a line, for whatever collects logs.
ENTRYPOINT ["customhouse", "--log-format", "json"]
CMD ["run"]
