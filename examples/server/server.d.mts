import type { Server } from 'node:http'
import type { FastifyHttpOptions, FastifyInstance } from 'fastify'

export function createServer(options?: FastifyHttpOptions<Server>): FastifyInstance
