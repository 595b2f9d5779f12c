namespace Tollgate.Contracts.OpenAi;

/// <summary>
/// Reads the members with which vLLM extends OpenAI's requests for text. One that cannot change an answer here is accepted; one that would
/// and is not supported is refused with the reason.
/// </summary>
internal struct SamplingExtensions
{
    /// <summary>Most tokens that end an answer, and most texts that are never generated.</summary>
    public const int MostStops = 64;

    /// <summary>Most tokens of which an answer may be made.</summary>
    public const int MostAllowed = 65_536;

    private int _topK;
    private float _minP;
    private float _typicalP = 1;
    private float _repetitionPenalty = 1;
    private int _minTokens;
    private List<int>? _stopTokenIds;
    private bool _ignoreEos;
    private bool _includeStop;
    private bool _skipSpecialTokens = true;
    private List<string>? _badWords;
    private List<int>? _allowedTokenIds;
    private bool _isRead;

    public SamplingExtensions()
    {
    }

    /// <summary>The names of all members.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "top_k", "min_p", "typical_p", "repetition_penalty", "min_tokens", "stop_token_ids", "ignore_eos", "include_stop_str_in_output",
        "skip_special_tokens", "spaces_between_special_tokens", "bad_words", "allowed_token_ids", "use_beam_search", "length_penalty",
        "early_stopping", "prompt_logprobs", "truncate_prompt_tokens", "logits_processors",
    ];

    /// <summary>Reads the value of a member that is not null.</summary>
    /// <exception cref="InvalidOperationException">The name is none of a shared member.</exception>
    public bool Read(ref RequestReader reader, string name)
    {
        _isRead = true;
        switch (name)
        {
            case "top_k":
                var isCount = reader.ReadInteger(-1, int.MaxValue, out var topK);
                _topK = (int)Math.Max(topK, 0);
                return isCount;
            case "min_p":
                var isPart = reader.ReadNumber(0, 1, out var minP);
                _minP = (float)minP;
                return isPart;
            case "typical_p":
                return ReadPositive(ref reader, 1, out _typicalP);
            case "repetition_penalty":
                return ReadPositive(ref reader, 2, out _repetitionPenalty);
            case "min_tokens":
                var isLength = reader.ReadInteger(0, SharedMembers.MostTokens, out var minTokens);
                _minTokens = (int)minTokens;
                return isLength;
            case "ignore_eos":
                return reader.ReadBoolean(out _ignoreEos);
            case "include_stop_str_in_output":
                return reader.ReadBoolean(out _includeStop);
            case "skip_special_tokens":
                return reader.ReadBoolean(out _skipSpecialTokens);
            default:
                return ReadList(ref reader, name);
        }
    }

    /// <summary>Returns the settings with what was read.</summary>
    public readonly Sampling AddTo(Sampling sampling) => !_isRead ? sampling : sampling with
    {
        TopK = _topK,
        MinP = _minP,
        TypicalP = _typicalP,
        RepetitionPenalty = _repetitionPenalty,
        MinTokens = _minTokens,
        StopTokenIds = _stopTokenIds ?? sampling.StopTokenIds,
        IgnoreEos = _ignoreEos,
        IncludeStop = _includeStop,
        SkipSpecialTokens = _skipSpecialTokens,
        BadWords = _badWords ?? sampling.BadWords,
        AllowedTokenIds = _allowedTokenIds,
    };

    private bool ReadList(ref RequestReader reader, string name)
    {
        switch (name)
        {
            case "stop_token_ids":
                return ReadTokens(ref reader, MostStops, _stopTokenIds = []);
            case "allowed_token_ids":
                return ReadTokens(ref reader, MostAllowed, _allowedTokenIds = []) && (_allowedTokenIds.Count > 0
                    || reader.Fail(OpenAiError.InvalidValue("allowed_token_ids", "at least one token id", "an empty array")));
            case "bad_words":
                return ReadTexts(ref reader, _badWords = []);
            default:
                return ReadWithoutEffect(ref reader, name);
        }
    }

    /// <summary>Members of what is not done here: values that ask for nothing are accepted.</summary>
    private static bool ReadWithoutEffect(ref RequestReader reader, string name)
    {
        switch (name)
        {
            case "spaces_between_special_tokens":
                return reader.ReadBoolean(out _);
            case "length_penalty":
                return reader.ReadNumber(double.MinValue, double.MaxValue, out _);
            case "early_stopping":
                return reader.ReadBoolean(out _);
            case "use_beam_search":
                return reader.ReadBoolean(out var wanted)
                    && (!wanted || reader.FailUnsupported("is not supported: 'best_of' of /v1/completions ranks independent candidates"));
            case "best_of":
                return reader.ReadInteger(1, 20, out var candidates)
                    && (candidates == 1 || reader.FailUnsupported("is not supported on chats: ask for 'n' choices"));
            case "prompt_logprobs":
                return reader.FailUnsupported(
                    "is not supported: 'echo' with 'logprobs' on /v1/completions gives the log-probabilities of a prompt");
            case "truncate_prompt_tokens":
                return reader.FailUnsupported("is not supported: send the part of the prompt that is to be read");
            case "logits_processors":
                return reader.FailUnsupported("is not supported: a request cannot bring code");
            default:
                throw new InvalidOperationException($"No reader for '{name}'.");
        }
    }

    private static bool ReadPositive(ref RequestReader reader, double most, out float number)
    {
        var read = reader.ReadNumber(0, most, out var value);
        number = (float)value;
        return read && (number > 0 || reader.FailValue($"a number above 0, at most {most}"));
    }

    private static bool ReadTokens(ref RequestReader reader, int most, List<int> tokens)
    {
        if (!reader.EnterArray())
        {
            return false;
        }

        while (reader.NextElement())
        {
            if (tokens.Count == most)
            {
                return reader.Fail(OpenAiError.InvalidValue(reader.OuterPath(), $"at most {most} token ids"));
            }

            if (!reader.ReadInteger(0, int.MaxValue, out var token))
            {
                return false;
            }

            tokens.Add((int)token);
        }

        return reader.Error is null;
    }

    private static bool ReadTexts(ref RequestReader reader, List<string> texts)
    {
        if (!reader.EnterArray())
        {
            return false;
        }

        while (reader.NextElement())
        {
            if (texts.Count == MostStops)
            {
                return reader.Fail(OpenAiError.InvalidValue(reader.OuterPath(), $"at most {MostStops} texts"));
            }

            if (!reader.ReadString(out var text))
            {
                return false;
            }

            texts.Add(text);
            if (text.Length == 0)
            {
                return reader.FailValue("a text that is not empty");
            }
        }

        return reader.Error is null;
    }
}
