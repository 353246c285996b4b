import type { FieldMask } from '@bufbuild/protobuf/wkt'
import { invalidField } from '@chat4all/base'

/** The fields that a mask names. The rules of the schema also let through what is inside such a field ("metadata.colour"), which cannot be changed alone. Throws FIELD_INVALID. */
export function maskedFields(mask: FieldMask | undefined): readonly string[] {
  const paths = mask?.paths ?? []
  if (paths.some((path) => path.includes('.'))) throw invalidField('update_mask', 'name whole fields')
  return paths
}
