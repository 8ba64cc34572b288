# The local scheduler as a container: docs/service.md. The machine on which this project is built has no containers, so nothing
# has tried this file yet.
FROM node:22-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
ENV NODE_ENV=production
COPY --from=build /build/package.json /opt/wmi-detections/
COPY --from=build /build/node_modules /opt/wmi-detections/node_modules
COPY --from=build /build/dist /opt/wmi-detections/dist
COPY --from=build /build/pipelines /opt/wmi-detections/pipelines
COPY --from=build /build/mappings /opt/wmi-detections/mappings
COPY --from=build /build/rules /opt/wmi-detections/rules
# The settings file is read from here.
WORKDIR /work
USER node
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5m --timeout=2m --start-period=10m --retries=2 \
  CMD ["node", "/opt/wmi-detections/dist/cli.js", "status", "--exit-code"]
ENTRYPOINT ["node", "/opt/wmi-detections/dist/cli.js"]
CMD ["run", "--watch"]
