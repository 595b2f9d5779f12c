using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Responses;

public sealed partial record ResponsesRequest : IJsonRequest<ResponsesRequest>
{
    /// <summary>All members that the parser knows, refused ones too.</summary>
    internal static MemberNames Members => Body.Names;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out ResponsesRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    private struct Body : IBodyOf<ResponsesRequest>
    {
        private SharedMembers _shared = new();
        private ResponseItems _items = new();
        private ResponseTools _tools = new();
        private ResponseText _text = new();
        private ResponseHints _hints = new();
        private ByteRange _inputRange;
        private ByteRange _storeRange;
        private bool _hasInput;
        private bool? _store;
        private bool _background;
        private string? _instructions;
        private int _instructionBytes;
        private string? _previousId;
        private long? _cap;
        private int? _topLogprobs;
        private bool _includesLogprobs;

        public Body()
        {
        }

        public static MemberNames Names { get; } = new(
        [
            "model", "input", "instructions", "previous_response_id", "store", "stream", "stream_options", "temperature", "top_p",
            "max_output_tokens", "text", "tools", "tool_choice", "parallel_tool_calls", "metadata", "top_logprobs", "include", "truncation",
            "user", "safety_identifier", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning", "background",
            "max_tool_calls", "service_tier", "seed", "stop", "presence_penalty", "frequency_penalty", "logit_bias", "access_programs",
            "background_options", "context_management", "conversation", "image", "moderation", "prompt",
            .. SamplingExtensions.Names,
        ]);

        public int ObjectStart
        {
            set => _shared.ObjectStart = value;
        }

        public void SkipNull(string name, ByteRange range)
        {
            switch (name)
            {
                case "max_output_tokens":
                    _shared.NoteMaxTokens(range);
                    break;
                case "input":
                    _inputRange = range;
                    break;
                case "store":
                    _storeRange = range;
                    break;
                default:
                    break;
            }
        }

        public bool Read(ref RequestReader reader, string name)
        {
            switch (name)
            {
                case "input":
                    return ReadInput(ref reader);
                case "instructions":
                    return reader.ReadString(out _instructions!, out _instructionBytes);
                case "previous_response_id":
                    return reader.ReadString(out _previousId!)
                        && (_previousId.Length is > 0 and <= ResponseItems.LongestId
                            || reader.FailValue($"1 to {ResponseItems.LongestId} characters"));
                case "store":
                    _storeRange = reader.Range;
                    var isBoolean = reader.ReadBoolean(out var store);
                    _store = store;
                    return isBoolean;
                case "background":
                    return reader.ReadBoolean(out _background);
                case "max_output_tokens":
                    _shared.NoteMaxTokens(reader.Range);
                    var isCap = reader.ReadInteger(1, SharedMembers.MostTokens, out var cap);
                    _cap = cap;
                    return isCap;
                case "top_logprobs":
                    var isCount = reader.ReadInteger(0, 20, out var count);
                    _topLogprobs = (int)count;
                    return isCount;
                case "include":
                    return ReadInclude(ref reader);
                case "text":
                    return _text.Read(ref reader);
                default:
                    return ReadOther(ref reader, name);
            }
        }

        public ResponsesRequest? Finish(ref RequestReader reader)
        {
            if (!_shared.Check(ref reader, modelRequired: true))
            {
                return null;
            }

            if (!_hasInput)
            {
                reader.FailMissing("input");
                return null;
            }

            if (_items.Items.Count == 0 && _previousId is null)
            {
                reader.Fail(OpenAiError.InvalidValue("input", "at least one item beside reasoning"));
                return null;
            }

            if (_background && FailInBackground() is { } wrong)
            {
                reader.Fail(wrong);
                return null;
            }

            if (!_tools.TryBuild(ref reader, out var tools))
            {
                return null;
            }

            // The alternatives are part of the log-probabilities: who asks for some wants both.
            var logprobs = _includesLogprobs || _topLogprobs > 0 ? _topLogprobs ?? 0 : (int?)null;
            var messages = _items.Messages;
            if (_instructions is { Length: > 0 })
            {
                messages.Insert(0, new ChatMessage("system", _instructions));
            }

            return new ResponsesRequest
            {
                Model = _shared.Model!,
                Instructions = _instructions,
                PreviousResponseId = _previousId,
                Store = _store,
                Background = _background,
                Items = _items.Items,
                Unmatched = _items.Unmatched,
                Messages = messages,
                Tools = tools,
                Format = _text.Format,
                Sampling = _shared.Sampling(_cap, logprobs),
                Stream = _shared.Stream,
                Settings = _hints.Settings with
                {
                    Tools = _tools.Definitions,
                    ToolChoice = _tools.Choice,
                    ParallelToolCalls = _tools.IsParallel,
                    Format = _text.FormatJson,
                    Verbosity = _text.Verbosity,
                    TopLogprobs = _topLogprobs ?? 0,
                },
                Size = new PromptSize(_items.Utf8Bytes + _instructionBytes, 0, messages.Count, 1)
                {
                    Tools = tools?.Definitions.Count ?? 0,
                    ToolUtf8Bytes = tools is null ? 0 : _tools.Utf8Bytes,
                    Calls = _items.Calls,
                },
                Edits = _shared.Edits,
                Ranges = (_inputRange, _storeRange),
            };
        }

        private readonly OpenAiError? FailInBackground() =>
            _shared.Stream ? OpenAiError.UnsupportedParameter(
                "stream", "cannot be true beside 'background': ask for the response by its id until it has ended")
            : _store == false ? OpenAiError.UnsupportedParameter(
                "store", "cannot be false beside 'background': the response is read by its id")
            : null;

        private bool ReadInput(ref RequestReader reader)
        {
            var start = reader.Range.Start;
            var read = _items.Read(ref reader);
            (_inputRange, _hasInput) = (new ByteRange(start, reader.Position - start), true);
            return read;
        }

        private bool ReadInclude(ref RequestReader reader)
        {
            if (!reader.EnterArray())
            {
                return false;
            }

            while (reader.NextElement())
            {
                if (!reader.ReadString(out var name))
                {
                    return false;
                }

                _includesLogprobs |= name == "message.output_text.logprobs";
                if (!ResponseHints.Includes.Contains(name))
                {
                    return reader.FailValue($"one of '{string.Join("', '", ResponseHints.Includes)}'");
                }
            }

            return reader.Error is null;
        }

        private bool ReadOther(ref RequestReader reader, string name) =>
            _tools.Read(ref reader, name, out var known) && (known
                || (_hints.Read(ref reader, name, out known) && (known || _shared.Read(ref reader, name))));
    }
}

/// <summary>Reads the member <c>text</c>.</summary>
internal struct ResponseText
{
    internal static readonly MemberNames TextNames = new("format", "verbosity");

    private OutputFormats _formats = new();

    public ResponseText()
    {
    }

    /// <summary>Null for free text.</summary>
    public readonly OutputFormat? Format => _formats.Format;

    /// <summary><c>format</c> as the client wrote it; null where it did not.</summary>
    public JsonElement? FormatJson { get; private set; }

    public string? Verbosity { get; private set; }

    public bool Read(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        while (reader.NextMember(TextNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            if (name == "verbosity")
            {
                if (!ResponseHints.ReadOneOf(ref reader, out var verbosity, "low", "medium", "high"))
                {
                    return false;
                }

                Verbosity = verbosity;
                continue;
            }

            var start = reader.Range.Start;
            if (!_formats.ReadFlat(ref reader))
            {
                return false;
            }

            FormatJson = reader.ValueSince(start);
        }

        return reader.Error is null;
    }
}
