/**
 * The only HTTP of the app. Same origin, session cookie, CSRF header on writes, JSON both ways.
 *
 *     ApiError            the server answered with our error shape {code, message, field?, detail?}
 *     NoAnswerError       no usable answer: no network, timeout, a proxy's or captive portal's page, 5xx without our shape
 *
 * A 200 that is not JSON is no answer: hotel networks say 200 with their own page, and nothing was delivered.
 */
import type { ErrorBody } from './types'

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field?: string,
    readonly detail?: unknown,
    readonly retryAfterMs?: number,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

export type NoAnswerReason = 'offline' | 'timeout' | 'not_ours' | 'server'

export class NoAnswerError extends Error {
  constructor(
    readonly reason: NoAnswerReason,
    readonly status?: number,
  ) {
    super(reason)
    this.name = 'NoAnswerError'
  }
}

export const BASE = '/api/v1/'
const TIMEOUT_MS = 20_000
const GZIP_FROM_BYTES = 4_096

let csrfToken = ''
type Listener = () => void
const signedOutListeners = new Set<Listener>()

/** Called on every 401 outside sign-in itself: the session has ended, the queue stays. */
export function onSignedOut(listener: Listener): () => void {
  signedOutListeners.add(listener)
  return () => signedOutListeners.delete(listener)
}

/** The token of the last session answer; its cookie is not readable from here, on purpose. */
export function setCsrf(token: string): void {
  csrfToken = token
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'DELETE'
  query?: Record<string, string | number | undefined>
  body?: unknown
  /** A body that is JSON text already and must go out as it is. */
  text?: string
  timeoutMs?: number
  /** The 401 of a sign-in is an answer about the password, not the end of a session. */
  signIn?: boolean
  gzip?: boolean
}

function urlOf(path: string, query: RequestOptions['query']): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query ?? {})) if (value !== undefined) search.set(key, String(value))
  const text = search.toString()
  return `${BASE}${path}${text ? `?${text}` : ''}`
}

async function encode({ body, text: ready, gzip }: RequestOptions, headers: Record<string, string>): Promise<BodyInit | undefined> {
  if (body === undefined && ready === undefined) return undefined
  headers['Content-Type'] = 'application/json'
  const text = ready ?? JSON.stringify(body)
  if (!gzip || text.length < GZIP_FROM_BYTES || typeof CompressionStream === 'undefined') return text
  headers['Content-Encoding'] = 'gzip'
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Response(stream).arrayBuffer()
}

function isErrorBody(value: unknown): value is ErrorBody {
  return typeof value === 'object' && value !== null && typeof (value as ErrorBody).code === 'string'
}

async function readJson(response: Response): Promise<unknown> {
  if (!/\bjson\b/.test(response.headers.get('content-type') ?? '')) throw new NoAnswerError('not_ours', response.status)
  try {
    return await response.json()
  } catch {
    throw new NoAnswerError('not_ours', response.status)
  }
}

function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after'))
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined
}

/** A token that has turned over is renewed once; the request is the same, ids and all. */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  try {
    return await requestOnce<T>(path, options)
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'csrf_failed') throw error
    setCsrf((await requestOnce<{ csrf: string }>('session/', {})).csrf)
    return requestOnce<T>(path, options)
  }
}

async function requestOnce<T>(path: string, options: RequestOptions): Promise<T> {
  const method = options.method ?? 'GET'
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method !== 'GET') headers['X-CSRFToken'] = csrfToken
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), options.timeoutMs ?? TIMEOUT_MS)
  try {
    const body = await encode(options, headers)
    const response = await fetch(urlOf(path, options.query), {
      method,
      headers,
      body,
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      signal: abort.signal,
    })
    if (response.status === 204) return undefined as T
    const json = await readJson(response)
    if (response.ok) return json as T
    if (!isErrorBody(json)) throw new NoAnswerError(response.status >= 500 ? 'server' : 'not_ours', response.status)
    if (response.status === 401 && !options.signIn) signedOutListeners.forEach((listener) => listener())
    throw new ApiError(response.status, json.code, json.message, json.field, json.detail, retryAfter(response))
  } catch (error) {
    if (error instanceof ApiError || error instanceof NoAnswerError) throw error
    throw new NoAnswerError(abort.signal.aborted ? 'timeout' : 'offline')
  } finally {
    clearTimeout(timer)
  }
}
