-- Whether responses of /v1/responses may be kept. Part of the organization's policy.
alter table projects add column keeps_responses boolean not null default true;
