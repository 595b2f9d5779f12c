-- Texts of held-out rows stand in the sealed models alone.
update job_results set evaluation = (evaluation::jsonb #- '{evaluation,mistakes}')::text;
update tuned_models set evaluation = (evaluation::jsonb #- '{evaluation,mistakes}')::text;
