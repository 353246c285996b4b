{{/* Names of what belongs to this release: <release>-<service>. */}}
{{- define "chat4all.name" -}}
{{- printf "%s-%s" (.root.Release.Name | trunc 50 | trimSuffix "-") .service -}}
{{- end -}}

{{/* Labels that select a service's pods. They never change: Kubernetes refuses to change a selector. */}}
{{- define "chat4all.selector" -}}
app.kubernetes.io/name: chat4all
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .service }}
{{- end -}}

{{- define "chat4all.labels" -}}
{{ include "chat4all.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "chat4all.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* One variable whose value stands in a Secret that exists already. */}}
{{- define "chat4all.secretVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef: { name: {{ .secret.name }}, key: {{ .secret.key }} }
{{- end -}}

{{/* What every service is told. */}}
{{- define "chat4all.environment" -}}
- { name: CHAT4ALL_LOG_LEVEL, value: {{ .Values.logLevel | quote }} }
- { name: CHAT4ALL_PARTITIONS, value: {{ .Values.partitions | quote }} }
- { name: CHAT4ALL_NATS_SERVERS, value: {{ join "," .Values.nats.servers | quote }} }
- { name: CHAT4ALL_NATS_REPLICAS, value: {{ .Values.nats.replicas | quote }} }
{{- with .Values.nats.loginSecret }}
{{- if .name }}
{{ include "chat4all.secretVariable" (dict "name" "CHAT4ALL_NATS_USER" "secret" (dict "name" .name "key" .userKey)) }}
{{ include "chat4all.secretVariable" (dict "name" "CHAT4ALL_NATS_PASSWORD" "secret" (dict "name" .name "key" .passwordKey)) }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What the services that read or write messages are told. */}}
{{- define "chat4all.storeEnvironment" -}}
- { name: CHAT4ALL_CQL_CONTACT_POINTS, value: {{ join "," .Values.cql.contactPoints | quote }} }
- { name: CHAT4ALL_CQL_DATACENTER, value: {{ .Values.cql.datacenter | quote }} }
- { name: CHAT4ALL_CQL_KEYSPACE, value: {{ .Values.cql.keyspace | quote }} }
{{- end -}}

{{- define "chat4all.gatewayEnvironment" -}}
{{ include "chat4all.storeEnvironment" . }}
- { name: CHAT4ALL_DIRECTORY_ADDRESSES, value: {{ printf "%s:9090" (include "chat4all.name" (dict "root" . "service" "directory")) | quote }} }
{{ include "chat4all.secretVariable" (dict "name" "CHAT4ALL_SERVICE_SECRET" "secret" .Values.serviceSecret) }}
- { name: CHAT4ALL_CORS_ORIGINS, value: {{ join "," .Values.corsOrigins | quote }} }
- { name: CHAT4ALL_ALLOW_PLAINTEXT, value: "true" }
{{- end -}}

{{- define "chat4all.directoryEnvironment" -}}
{{ include "chat4all.secretVariable" (dict "name" "CHAT4ALL_SERVICE_SECRET" "secret" .Values.serviceSecret) }}
{{ include "chat4all.secretVariable" (dict "name" "CHAT4ALL_POSTGRES_URL" "secret" .Values.postgres.urlSecret) }}
{{- if .Values.firstClient.name }}
- { name: CHAT4ALL_BOOTSTRAP_CREDENTIALS, value: /run/secrets/chat4all/credentials.json }
{{- end }}
{{- end -}}

{{- define "chat4all.sequencerEnvironment" -}}
{{ include "chat4all.storeEnvironment" . }}
{{- end -}}
