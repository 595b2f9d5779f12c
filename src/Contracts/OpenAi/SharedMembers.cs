using System.Globalization;
using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Reads the members that several endpoints share.</summary>
internal struct SharedMembers
{
    /// <summary>Most entries of <c>logit_bias</c>.</summary>
    public const int MostBiases = 1024;

    /// <summary>Largest output cap; keeps every product of caps, choices and prompts far below 2^63.</summary>
    public const long MostTokens = int.MaxValue;

    /// <summary>Most characters of a model's name.</summary>
    public const int LongestModel = 256;

    internal static readonly MemberNames StreamOptionNames = new("include_usage", "include_obfuscation");
    private bool _hasStreamOptions;
    private long? _seed;
    private float? _temperature;
    private float? _topP;
    private float? _presencePenalty;
    private float? _frequencyPenalty;
    private List<string>? _stop;
    private Dictionary<int, float>? _logitBias;
    private SamplingExtensions _extensions = new();

    public SharedMembers()
    {
    }

    public string? Model { get; private set; }

    public ByteRange ModelRange { get; private set; }

    public ByteRange MaxTokensRange { get; private set; }

    public ByteRange SecondMaxTokensRange { get; private set; }

    public int ObjectStart { get; set; }

    public bool Stream { get; private set; }

    public bool IncludeUsage { get; private set; }

    public int N { get; private set; } = 1;

    public readonly BodyEdits Edits => new(ModelRange, MaxTokensRange, ObjectStart) { SecondMaxTokens = SecondMaxTokensRange };

    /// <summary>Reads the value of a member that is not null.</summary>
    public bool Read(ref RequestReader reader, string name)
    {
        switch (name)
        {
            case "model":
                return ReadModel(ref reader);
            case "stream":
                var isBoolean = reader.ReadBoolean(out var stream);
                Stream = stream;
                return isBoolean;
            case "stream_options":
                return ReadStreamOptions(ref reader);
            case "user":
                return reader.ReadString(out _);
            default:
                return ReadSampling(ref reader, name);
        }
    }

    /// <summary>Records the position of an output cap, even a null one.</summary>
    public void NoteMaxTokens(ByteRange range)
    {
        if (MaxTokensRange.Length == 0)
        {
            MaxTokensRange = range;
        }
        else
        {
            SecondMaxTokensRange = range;
        }
    }

    public void NoteModel(ByteRange range) => ModelRange = range;

    /// <summary>Checks rules that involve several members.</summary>
    public readonly bool Check(ref RequestReader reader, bool modelRequired)
    {
        if (Model is null && modelRequired)
        {
            return reader.FailMissing("model");
        }

        return !_hasStreamOptions || Stream
            || reader.Fail(OpenAiError.InvalidValue("stream_options", "no stream options unless 'stream' is true"));
    }

    /// <summary>Returns the sampling settings, with the two members that each endpoint reads differently.</summary>
    public readonly Sampling Sampling(long? maxTokens, int? logprobs) => _extensions.AddTo(new Sampling
    {
        N = N,
        Temperature = _temperature ?? 1,
        TopP = _topP ?? 1,
        Seed = _seed,
        Stop = _stop ?? (IReadOnlyList<string>)[],
        MaxTokens = maxTokens,
        PresencePenalty = _presencePenalty ?? 0,
        FrequencyPenalty = _frequencyPenalty ?? 0,
        LogitBias = _logitBias,
        Logprobs = logprobs,
    });

    private bool ReadModel(ref RequestReader reader)
    {
        if (!reader.ReadString(out var model))
        {
            return false;
        }

        Model = model;
        ModelRange = reader.Range;
        return model.Length is > 0 and <= LongestModel || reader.FailValue("the name of a model");
    }

    private bool ReadStreamOptions(ref RequestReader reader)
    {
        _hasStreamOptions = true;
        var seen = UInt128.Zero;
        if (!reader.EnterObject())
        {
            return false;
        }

        while (reader.NextMember(StreamOptionNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            if (!reader.ReadBoolean(out var value))
            {
                return false;
            }

            IncludeUsage = name == "include_usage" ? value : IncludeUsage;
        }

        return reader.Error is null;
    }

    private bool ReadSampling(ref RequestReader reader, string name)
    {
        switch (name)
        {
            case "n":
                var isCount = reader.ReadInteger(1, 128, out var n);
                N = (int)n;
                return isCount;
            case "seed":
                var isSeed = reader.ReadInteger(long.MinValue, long.MaxValue, out var seed);
                _seed = seed;
                return isSeed;
            case "temperature":
                return ReadNumber(ref reader, 0, 2, out _temperature);
            case "top_p":
                var isShare = ReadNumber(ref reader, 0, 1, out var topP);
                _topP = Math.Max(topP ?? 1, float.Epsilon);
                return isShare;
            case "presence_penalty":
                return ReadNumber(ref reader, -2, 2, out _presencePenalty);
            case "frequency_penalty":
                return ReadNumber(ref reader, -2, 2, out _frequencyPenalty);
            case "stop":
                return ReadStop(ref reader);
            case "logit_bias":
                return ReadLogitBias(ref reader);
            default:
                return _extensions.Read(ref reader, name);
        }
    }

    private static bool ReadNumber(ref RequestReader reader, double min, double max, out float? number)
    {
        var read = reader.ReadNumber(min, max, out var value);
        number = (float)value;
        return read;
    }

    private bool ReadStop(ref RequestReader reader)
    {
        var stop = new List<string>(1);
        if (reader.Kind == JsonTokenType.StartArray)
        {
            reader.Enter();
            while (reader.NextElement())
            {
                if (stop.Count == 4)
                {
                    return reader.Fail(OpenAiError.InvalidValue("stop", "at most 4 texts"));
                }

                if (!AddStop(ref reader, stop))
                {
                    return false;
                }
            }
        }
        else if (reader.Kind != JsonTokenType.String)
        {
            return reader.FailType("a string or an array of strings");
        }
        else if (!AddStop(ref reader, stop))
        {
            return false;
        }

        _stop = stop;
        return reader.Error is null;
    }

    private static bool AddStop(ref RequestReader reader, List<string> stop)
    {
        if (!reader.ReadString(out var text))
        {
            return false;
        }

        stop.Add(text);
        return text.Length > 0 || reader.FailValue("a text that is not empty");
    }

    private bool ReadLogitBias(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var biases = new Dictionary<int, float>();
        while (reader.NextPair(out var key))
        {
            // int.TryParse accepts "17\0" as a number.
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var token) || key[^1] == '\0')
            {
                return reader.Fail(OpenAiError.InvalidValue("logit_bias", "token ids as names", $"'{OpenAiError.Shorten(key)}'"));
            }

            if (!reader.ReadNumber(-100, 100, out var bias))
            {
                return false;
            }

            if (!biases.TryAdd(token, (float)bias))
            {
                return reader.Fail(OpenAiError.DuplicateParameter(reader.PathText()));
            }

            if (biases.Count > MostBiases)
            {
                return reader.Fail(OpenAiError.InvalidValue("logit_bias", $"at most {MostBiases} token ids"));
            }
        }

        _logitBias = biases.Count == 0 ? null : biases;
        return reader.Error is null;
    }
}
