import { type DescMethod, getOption } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import { Access, access } from '@chat4all/gen/chat4all/v1/access_pb.js'
import type { Authenticate, Principal, RpcService } from './handler.ts'

/** How callers prove who they are. What is absent refuses everybody. */
export interface Authenticators {
  /** Reads the token of RPCs whose rule asks for one. */
  readonly authenticate?: Authenticate
  /** Guards the RPCs between services (`chat4all.internal.*`): throws unless the caller is a service. */
  readonly authenticateInternal?: Authenticate
  /** The port is for services alone: `authenticateInternal` guards every RPC but the open ones, whatever else its rule asks for. */
  readonly servicesOnly?: boolean
}

const INTERNAL_PACKAGE = 'chat4all.internal.'

/** Who may call this RPC, ready to be asked for each call. Resolves to the principal. */
export function admission(service: RpcService, method: DescMethod, by: Authenticators): Authenticate {
  if (service.open === true) return () => undefined
  const { authenticateInternal = refuse } = by
  if (service.service.typeName.startsWith(INTERNAL_PACKAGE)) return authenticateInternal
  const admit = publicAdmission(method, by)
  if (by.servicesOnly !== true) return admit
  return async (header) => {
    await authenticateInternal(header)
    return admit(header)
  }
}

function publicAdmission(method: DescMethod, by: Authenticators): Authenticate {
  const rule = getOption(method, access)
  if (rule === Access.PUBLIC) return () => undefined
  const { authenticate } = by
  if (rule === Access.UNSPECIFIED || authenticate === undefined) return refuse
  return async (header) => permitted(rule, await authenticate(header))
}

function permitted(rule: Access, principal: Principal | undefined): Principal {
  if (principal === undefined) throw new ChatError('TOKEN_INVALID', 'This call needs a bearer token.')
  if (rule === Access.MEMBER) return principal
  if (principal.kind !== 'client') throw new ChatError('ACCESS_DENIED', 'Only API clients may call this.')
  if (rule === Access.OPERATOR && !principal.operator) throw new ChatError('ACCESS_DENIED', 'Only operators may call this.')
  return principal
}

function refuse(): never {
  throw new ChatError('ACCESS_DENIED', 'This server lets nobody call this.')
}
