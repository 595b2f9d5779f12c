using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Contracts.OpenAi;

public sealed partial record ChatRequest : IJsonRequest<ChatRequest>
{
    /// <summary>All members that the parser knows, refused ones too.</summary>
    internal static MemberNames Members => Body.Names;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out ChatRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    private struct Body : IBodyOf<ChatRequest>
    {
        private SharedMembers _shared = new();
        private ChatMessages _messages = new();
        private ChatTools _tools = new();
        private OutputFormats _format = new();
        private long? _maxTokens;
        private long? _maxCompletionTokens;
        private bool _logprobs;
        private int? _topLogprobs;

        public Body()
        {
        }

        public static MemberNames Names { get; } = new(
        [
            "messages", "model", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "top_p", "n", "seed",
            "stop", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "user",
            "audio", "function_call", "functions", "metadata", "modalities", "moderation", "parallel_tool_calls", "prediction",
            "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning_effort", "response_format",
            "safety_identifier", "service_tier", "store", "tool_choice", "tools", "verbosity", "web_search_options",
            "structured_outputs", "guided_json", "guided_regex", "guided_choice", "guided_grammar", "best_of", .. SamplingExtensions.Names,
        ]);

        public int ObjectStart
        {
            set => _shared.ObjectStart = value;
        }

        public void SkipNull(string name, ByteRange range)
        {
            if (name is "max_tokens" or "max_completion_tokens")
            {
                _shared.NoteMaxTokens(range);
            }
        }

        public bool Read(ref RequestReader reader, string name)
        {
            switch (name)
            {
                case "messages":
                    return _messages.Read(ref reader);
                case "max_tokens":
                    return ReadCap(ref reader, out _maxTokens);
                case "max_completion_tokens":
                    return ReadCap(ref reader, out _maxCompletionTokens);
                case "logprobs":
                    return reader.ReadBoolean(out _logprobs);
                case "top_logprobs":
                    var read = reader.ReadInteger(0, 20, out var count);
                    _topLogprobs = (int)count;
                    return read;
                default:
                    return ReadOther(ref reader, name);
            }
        }

        public ChatRequest? Finish(ref RequestReader reader)
        {
            if (!_shared.Check(ref reader, modelRequired: true))
            {
                return null;
            }

            if (_messages.Messages.Count == 0)
            {
                reader.FailMissing("messages");
                return null;
            }

            if (_maxTokens is not null && _maxCompletionTokens is not null && _maxTokens != _maxCompletionTokens)
            {
                reader.Fail(OpenAiError.InvalidValue("max_tokens", "the same value as 'max_completion_tokens', or only one of the two"));
                return null;
            }

            if (_topLogprobs is not null && !_logprobs)
            {
                reader.Fail(OpenAiError.InvalidValue("top_logprobs", "no 'top_logprobs' unless 'logprobs' is true"));
                return null;
            }

            if (!_tools.TryBuild(ref reader, out var tools))
            {
                return null;
            }

            return new ChatRequest
            {
                Model = _shared.Model!,
                Messages = _messages.Messages,
                Tools = tools,
                UsesFunctions = _tools.UsesFunctions,
                Format = _format.Format,
                Sampling = _shared.Sampling(_maxCompletionTokens ?? _maxTokens, _logprobs ? _topLogprobs ?? 0 : null),
                Stream = _shared.Stream,
                IncludeUsage = _shared.IncludeUsage,
                Size = new PromptSize(_messages.Utf8Bytes, 0, _messages.Messages.Count, 1)
                {
                    Tools = tools?.Definitions.Count ?? 0,
                    ToolUtf8Bytes = tools is null ? 0 : _tools.Utf8Bytes,
                    Calls = _messages.Calls,
                },
                Edits = _shared.Edits,
            };
        }

        private bool ReadOther(ref RequestReader reader, string name) =>
            _tools.Read(ref reader, name, out var known) && (known
                || (_format.Read(ref reader, name, out known) && (known
                    || (ChatHints.Read(ref reader, name, out known) && (known || _shared.Read(ref reader, name))))));

        private bool ReadCap(ref RequestReader reader, out long? cap)
        {
            _shared.NoteMaxTokens(reader.Range);
            var read = reader.ReadInteger(1, SharedMembers.MostTokens, out var value);
            cap = value;
            return read;
        }
    }
}
