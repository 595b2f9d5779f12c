copy usage_stage (
  organization_id, request_id, seq, project_id, key_id, model, endpoint, streamed, attempt, price_version, epoch,
  input, cached, output, reasoning, audio_ms, images, pixels, steps, calls, elements, delivered, outcome, source, admitted_at, finished_at,
  service_class, model_version)
from stdin (format binary)
