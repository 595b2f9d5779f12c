-- Names that old tutorials call, so that they run with only the base address and the key changed. The operator may change them.
insert into model_aliases (alias, model, changed_at) values
  ('text-davinci-002', 'tiny-assistant', now()),
  ('gpt-3.5-turbo', 'tiny-assistant', now()),
  ('text-embedding-ada-002', 'tiny-embed', now());
