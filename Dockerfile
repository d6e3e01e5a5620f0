# docker build -t grete . && docker run --rm -p 9092:9092 grete
FROM node:24-bookworm-slim AS build
WORKDIR /build
# A registry other than npm's own.
ARG NPM_CONFIG_REGISTRY
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run --silent build && npm prune --omit=dev && mkdir -p /opt/grete/dist \
  && cp -r package.json LICENSE node_modules /opt/grete/ \
  && cp -r dist/grete.js dist/chunks dist/third-party-licenses.txt /opt/grete/dist/

FROM node:24-bookworm-slim
# Binds all addresses, keeps data in the volume, and tells clients that come through a mapped port to use localhost.
ENV GRETE_IMAGE=1
COPY --from=build /opt/grete /opt/grete
# 1000 is the image's user `node`.
RUN ln -s /opt/grete/dist/grete.js /usr/local/bin/grete && install -d -o 1000 -g 1000 /var/lib/grete
USER 1000:1000
WORKDIR /var/lib/grete
VOLUME /var/lib/grete
EXPOSE 9092
# Grete handles the signals of a pid 1 itself.
ENTRYPOINT ["node", "/opt/grete/dist/grete.js"]
CMD ["start"]
