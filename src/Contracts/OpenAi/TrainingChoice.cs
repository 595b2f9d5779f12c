namespace Tollgate.Contracts.OpenAi;

/// <summary>Hyperparameters of a fine-tuning job; null leaves a number to the method (<c>auto</c>).</summary>
public sealed record TrainingHyperparameters(int? Epochs, int? BatchSize, double? LearningRateMultiplier);

/// <summary>Methods of fine-tuning by their names on the wire, and the reader of <c>method</c> and <c>hyperparameters</c>.</summary>
public static class TrainingChoice
{
    /// <summary>Chooses one of the others by the file and the budget.</summary>
    public const string Supervised = "supervised";

    /// <summary>Most epochs and rows of a step.</summary>
    public const int MostCount = 1_000;

    /// <summary>Least <c>learning_rate_multiplier</c>.</summary>
    public const double LeastMultiplier = 0.000_001;

    /// <summary>Most <c>learning_rate_multiplier</c>.</summary>
    public const double MostMultiplier = 1_000;

    /// <summary>What <c>method.type</c> may be.</summary>
    public static IReadOnlyList<string> Methods { get; } = [Supervised, "head", "encoder", "lstm"];

    /// <summary>Methods of OpenAI's that are refused by name.</summary>
    public static IReadOnlyList<string> Refused { get; } = ["dpo", "reinforcement"];

    internal static MemberNames MethodMembers { get; } = new(["type", .. Methods, .. Refused]);

    internal static MemberNames SettingsMembers { get; } = new("hyperparameters");

    internal static MemberNames NumberMembers { get; } = new("n_epochs", "batch_size", "learning_rate_multiplier");

    private static readonly string Choice = $"'{string.Join("', '", Methods.SkipLast(1))}' or '{Methods[^1]}'";

    /// <summary>Reads <c>method</c> at the reader's position. Returns false after an error.</summary>
    /// <param name="numbers">Null where the method gives none.</param>
    internal static bool ReadMethod(ref RequestReader reader, out string? method, out TrainingHyperparameters? numbers)
    {
        (method, numbers) = (null, null);
        if (!reader.EnterObject())
        {
            return false;
        }

        var (seen, settings) = (UInt128.Zero, (string?)null);
        while (reader.NextMember(MethodMembers, ref seen, out var name))
        {
            if (reader.IsNull && name != "type")
            {
                continue;
            }

            if (Refused.Contains(name))
            {
                return reader.FailUnsupported($"is not a method of this server: use {Choice}");
            }

            if (name == "type" ? !ReadType(ref reader, out method) : !ReadSettings(ref reader, out numbers))
            {
                return false;
            }

            if (name != "type" && settings is not null)
            {
                return reader.FailValue($"no second method beside '{settings}'");
            }

            settings = name == "type" ? settings : name;
        }

        if (reader.Error is not null)
        {
            return false;
        }

        return method is null ? reader.FailMissing("type")
            : settings is null || settings == method
                || reader.Fail(OpenAiError.InvalidValue(reader.Below(settings), $"no settings of another method than '{method}'"));
    }

    /// <summary>Reads hyperparameters at the reader's position. Returns false after an error.</summary>
    internal static bool ReadNumbers(ref RequestReader reader, out TrainingHyperparameters? numbers)
    {
        numbers = null;
        if (!reader.EnterObject())
        {
            return false;
        }

        var (seen, epochs, batch, multiplier) = (UInt128.Zero, (int?)null, (int?)null, (double?)null);
        while (reader.NextMember(NumberMembers, ref seen, out var name))
        {
            if (reader.IsNull || reader.Is("auto"u8))
            {
                continue;
            }

            if (name == "learning_rate_multiplier")
            {
                if (!reader.ReadNumber(LeastMultiplier, MostMultiplier, out var factor))
                {
                    return false;
                }

                multiplier = factor;
            }
            else if (!reader.ReadInteger(1, MostCount, out var count))
            {
                return false;
            }
            else if (name == "n_epochs")
            {
                epochs = (int)count;
            }
            else
            {
                batch = (int)count;
            }
        }

        numbers = new TrainingHyperparameters(epochs, batch, multiplier);
        return reader.Error is null;
    }

    private static bool ReadType(ref RequestReader reader, out string? method)
    {
        var read = reader.ReadString(out var text);
        method = text;
        return read && (Methods.Contains(text)
            || (Refused.Contains(text)
                ? reader.Fail(OpenAiError.UnsupportedMethod(reader.PathText(), text, Choice))
                : reader.FailValue(Choice)));
    }

    private static bool ReadSettings(ref RequestReader reader, out TrainingHyperparameters? numbers)
    {
        numbers = null;
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        while (reader.NextMember(SettingsMembers, ref seen, out _))
        {
            if (!reader.IsNull && !ReadNumbers(ref reader, out numbers))
            {
                return false;
            }
        }

        return reader.Error is null;
    }
}
