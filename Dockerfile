# One file, a target for each service: docker build --target checkout-service .
# Production dependencies of one workspace, and the sources as they are: Node runs TypeScript itself.

FROM node:24-slim AS base
ENV NODE_ENV=production FAIRGATE_HOST=0.0.0.0
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY shared/package.json shared/
COPY edge-worker/package.json edge-worker/
COPY queue-service/package.json queue-service/
COPY checkout-service/package.json checkout-service/
COPY e2e/package.json e2e/

# The console's files alone leave this stage, and none of the tools that build them.
FROM base AS console
RUN npm ci --include=dev --ignore-scripts && npm cache clean --force
COPY tsconfig.base.json text-modules.d.ts ./
COPY shared/src shared/src
COPY queue-service/vite.config.ts queue-service/
COPY queue-service/src queue-service/src
RUN node node_modules/vite/bin/vite.js build --config queue-service/vite.config.ts

# The scripts of the checkout's pages.
FROM base AS pages
RUN npm ci --include=dev --ignore-scripts && npm cache clean --force
COPY tsconfig.base.json text-modules.d.ts ./
COPY scripts scripts
COPY shared/src shared/src
COPY edge-worker/src edge-worker/src
COPY checkout-service/src checkout-service/src
RUN node scripts/pages/main.ts

FROM base AS queue-service
RUN npm ci --omit=dev --ignore-scripts --workspace shared --workspace queue-service \
  && npm cache clean --force
COPY shared/src shared/src
COPY queue-service/src queue-service/src
COPY --from=console /app/queue-service/dist queue-service/dist
USER node
EXPOSE 8080
ENV FAIRGATE_PORT=8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.FAIRGATE_PORT+'/readyz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "queue-service/src/main.ts"]

FROM base AS checkout-service
RUN npm ci --omit=dev --ignore-scripts --workspace shared --workspace checkout-service \
  && npm cache clean --force
COPY shared/src shared/src
COPY checkout-service/src checkout-service/src
COPY --from=pages /app/checkout-service/dist checkout-service/dist
USER node
EXPOSE 8080
ENV FAIRGATE_PORT=8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.FAIRGATE_PORT+'/readyz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "checkout-service/src/main.ts"]

# The payment provider that only pretends: for trying out, until a real one is configured instead.
FROM checkout-service AS payment-sandbox
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.FAIRGATE_PORT+'/healthz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "checkout-service/src/sandbox/main.ts"]
