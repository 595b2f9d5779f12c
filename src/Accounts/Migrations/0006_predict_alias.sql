-- The model of POST /predict where a request names none. The operator may change it.
insert into model_aliases (alias, model, changed_at) values ('predict', 'tiny-sentiment', now())
on conflict do nothing;
