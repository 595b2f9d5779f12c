using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Contracts.OpenAi;

public sealed partial record CompletionRequest
{
    /// <summary>All members that the parser knows, refused ones too.</summary>
    internal static MemberNames Members => Body.Names;

    private const int MostPrompts = 2048;
    private const int DefaultMaxTokens = 16;

    /// <summary>Most choices over all prompts, as at OpenAI.</summary>
    private const int MostChoices = 128;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out CompletionRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(null), out request, out error);

    /// <summary>Parses a body of <c>/v1/engines/{engine}/completions</c>, where <c>model</c> is absent or repeats the engine.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body,
        string engine,
        [NotNullWhen(true)] out CompletionRequest? request,
        [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(engine), out request, out error);

    private struct Body(string? engine) : IBodyOf<CompletionRequest>
    {
        private SharedMembers _shared = new();
        private PromptInputs _prompts = new(MostPrompts, int.MaxValue, emptyText: true);
        private long? _maxTokens;
        private int? _bestOf;
        private int? _logprobs;
        private bool _echo;
        private string? _suffix;
        private int _suffixBytes;

        public static MemberNames Names { get; } = new(
        [
            "prompt", "model", "stream", "stream_options", "max_tokens", "temperature", "top_p", "n", "seed", "stop", "best_of", "echo",
            "logprobs", "suffix", "presence_penalty", "frequency_penalty", "logit_bias", "user", .. SamplingExtensions.Names,
        ]);

        public int ObjectStart
        {
            set => _shared.ObjectStart = value;
        }

        public void SkipNull(string name, ByteRange range)
        {
            if (name == "max_tokens")
            {
                _shared.NoteMaxTokens(range);
            }
            else if (name == "model")
            {
                _shared.NoteModel(range);
            }
        }

        public bool Read(ref RequestReader reader, string name)
        {
            long value;
            bool read;
            switch (name)
            {
                case "prompt":
                    return _prompts.Read(ref reader);
                case "max_tokens":
                    _shared.NoteMaxTokens(reader.Range);
                    read = reader.ReadInteger(0, SharedMembers.MostTokens, out value);
                    _maxTokens = value;
                    return read;
                case "best_of":
                    read = reader.ReadInteger(1, 20, out value);
                    _bestOf = (int)value;
                    return read;
                case "logprobs":
                    read = reader.ReadInteger(0, 5, out value);
                    _logprobs = (int)value;
                    return read;
                case "echo":
                    return reader.ReadBoolean(out _echo);
                case "suffix":
                    read = reader.ReadString(out var suffix, out _suffixBytes);
                    _suffix = suffix.Length == 0 ? null : suffix; // With nothing after it the prompt is continued at its end.
                    return read;
                default:
                    return _shared.Read(ref reader, name);
            }
        }

        public CompletionRequest? Finish(ref RequestReader reader)
        {
            if (!_shared.Check(ref reader, modelRequired: engine is null) || !Check(ref reader))
            {
                return null;
            }

            return new CompletionRequest
            {
                Model = _shared.Model ?? engine!,
                Prompts = _prompts.Inputs,
                Sampling = _shared.Sampling(_maxTokens ?? DefaultMaxTokens, _logprobs),
                BestOf = _bestOf ?? _shared.N,
                Echo = _echo,
                Suffix = _suffix,
                Stream = _shared.Stream,
                IncludeUsage = _shared.IncludeUsage,
                Size = _prompts.Size with { Utf8Bytes = _prompts.Utf8Bytes + ((long)_suffixBytes * _prompts.Inputs.Count) },
                Edits = _shared.Edits,
            };
        }

        private readonly bool Check(ref RequestReader reader)
        {
            if (engine is not null && _shared.Model is not null && _shared.Model != engine)
            {
                return reader.Fail(OpenAiError.InvalidValue("model", "the engine in the URL or no model at all"));
            }

            if (_prompts.Inputs.Count == 0)
            {
                return reader.FailMissing("prompt");
            }

            if (_bestOf < _shared.N)
            {
                return reader.Fail(OpenAiError.InvalidValue("best_of", $"at least 'n', which is {_shared.N}", $"{_bestOf}"));
            }

            if (_shared.Stream && _bestOf is not null && _bestOf != _shared.N)
            {
                return reader.Fail(OpenAiError.InvalidValue("best_of", "the value of 'n' when 'stream' is true", $"{_bestOf}"));
            }

            if (_suffix is not null && _echo && _logprobs is not null)
            {
                return reader.Fail(OpenAiError.UnsupportedParameter(
                    "suffix", "is not supported together with 'echo' and 'logprobs': the echoed text would not be what the model reads"));
            }

            return CheckChoices(ref reader);
        }

        private readonly bool CheckChoices(ref RequestReader reader)
        {
            var (prompts, each) = (_prompts.Inputs.Count, _bestOf ?? _shared.N);
            if (prompts * each <= MostChoices)
            {
                return true;
            }

            return reader.Fail(each == 1
                ? OpenAiError.InvalidValue("prompt", $"at most {MostChoices} prompts", $"{prompts}")
                : OpenAiError.InvalidValue(
                    _bestOf is null ? "n" : "best_of", $"at most {MostChoices} choices over all prompts", $"{each} for each of {prompts}"));
        }
    }
}
