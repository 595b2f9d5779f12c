using System.CommandLine;
using Tollgate.Cli.Commands;
using Tollgate.Contracts.Money;

namespace Tollgate.Cli.Prices;

/// <summary>Options for a price, the same in every command, and their names in error messages.</summary>
internal static class PriceOptions
{
    private static readonly Option<decimal?> In =
        Numbers.Optional("--price-in", "US dollars per million prompt tokens.", 0m, SetPrice.MostPerMillion);

    private static readonly Option<decimal?> Cached = Numbers.Optional(
        "--price-cached", "US dollars per million prompt tokens out of the prefix cache. Default a tenth of --price-in.", 0m,
        SetPrice.MostPerMillion);

    private static readonly Option<decimal?> Out = Numbers.Optional(
        "--price-out", "US dollars per million output tokens, of a model that generates text.", 0m, SetPrice.MostPerMillion);

    private static readonly Option<decimal?> Audio = Numbers.Optional(
        "--price-audio", "US dollars per 1,000 seconds of audio.", 0m, SetPrice.MostPerMillion);

    private static readonly Option<decimal?> Image = Numbers.Optional(
        "--price-image", "US dollars per image, read or made.", 0m, SetPrice.MostPerMillion / 1_000_000m);

    private static readonly Option<decimal?> Pixels = Numbers.Optional(
        "--price-pixels", "US dollars per million pixels of these images.", 0m, SetPrice.MostPerMillion);

    private static readonly Option<decimal?> Step = Numbers.Optional(
        "--price-step", "US dollars per denoiser step of an image that is made.", 0m, SetPrice.MostPerMillion / 1_000_000m);

    private static readonly Option<decimal?> Request = Numbers.Optional(
        "--price-request", "US dollars per request to a model of tensors.", 0m, SetPrice.MostPerMillion / 1_000_000m);

    private static readonly Option<decimal?> Elements = Numbers.Optional(
        "--price-elements", "US dollars per million elements of these tensors, read and given back.", 0m, SetPrice.MostPerMillion);

    private static readonly Option<decimal?> BatchFactor = Numbers.Optional(
        "--batch-factor", "Share of these prices that requests of batches pay. Default 0.5.", 0m, 1m);

    /// <summary>The options for amounts. A model's price names those that its task uses.</summary>
    public static readonly IReadOnlyList<Option<decimal?>> Amounts = [In, Cached, Out, Audio, Image, Pixels, Step, Request, Elements];

    /// <summary>The option for each member of an order.</summary>
    private static readonly Dictionary<string, string> OptionOf = new(StringComparer.Ordinal)
    {
        ["model"] = "MODEL",
        ["inputPerMillion"] = "--price-in",
        ["cachedPerMillion"] = "--price-cached",
        ["outputPerMillion"] = "--price-out",
        ["perThousandSeconds"] = "--price-audio",
        ["perImage"] = "--price-image",
        ["perMillionPixels"] = "--price-pixels",
        ["perStep"] = "--price-step",
        ["perRequest"] = "--price-request",
        ["perMillionElements"] = "--price-elements",
        ["batchFactor"] = "--batch-factor",
        ["effectiveFrom"] = "--from",
        ["organizationId"] = "--organization",
    };

    /// <summary>Adds the options for amounts and for the share of batches to a command.</summary>
    public static Command WithAmounts(this Command command)
    {
        foreach (var option in Amounts)
        {
            command.Options.Add(option);
        }

        command.Options.Add(BatchFactor);

        return command;
    }

    /// <summary>Name of the option for an amount.</summary>
    public static string NameOf(PriceMember member) => OptionOf[member.Name];

    /// <summary>Builds the order of a model's price from the options; every amount may be absent.</summary>
    public static SetPrice Read(ParseResult parsed, string model, DateTimeOffset? from = null, Guid? organization = null) => new(
        model, parsed.GetValue(In), parsed.GetValue(Out), OnlyIfMissing: false, from, organization)
    {
        CachedPerMillion = parsed.GetValue(Cached),
        PerThousandSeconds = parsed.GetValue(Audio),
        PerImage = parsed.GetValue(Image),
        PerMillionPixels = parsed.GetValue(Pixels),
        PerStep = parsed.GetValue(Step),
        PerRequest = parsed.GetValue(Request),
        PerMillionElements = parsed.GetValue(Elements),
        BatchFactor = parsed.GetValue(BatchFactor),
    };

    /// <summary>Throws if an order has faults, with one line per fault.</summary>
    /// <exception cref="OperatorException">The order has faults.</exception>
    public static void Require(IReadOnlyCollection<(string Member, string Text)> faults)
    {
        if (faults.Count > 0)
        {
            throw new OperatorException(string.Join(
                Environment.NewLine, faults.Select(fault => $"{OptionOf.GetValueOrDefault(fault.Member, fault.Member)}: {fault.Text}")));
        }
    }
}
