using System.CommandLine;
using System.Globalization;
using System.Net;
using Tollgate.Cli.Commands;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;

namespace Tollgate.Cli.Prices;

/// <summary><c>tollgate prices list|set|schedule|cancel</c>.</summary>
internal static class PricesCommand
{
    private static readonly string[] InstantFormats = ["yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'"];

    private static readonly Argument<string> Model = new("MODEL") { Description = "The model's real name." };
    private static readonly Argument<Guid> Version = new("VERSION")
    {
        Description = "The scheduled price, as list shows it.",
        CustomParser = result => Ids.Read(result, "VERSION", "the version of a price. See: ./tollgate prices list") ?? Guid.Empty,
    };

    private static readonly Option<Guid?> Organization = new("--organization")
    {
        Description = "Id of the one organization that pays this price. Default: all without a price of their own.",
        CustomParser = result => Ids.Read(result, "--organization", "the id of an organization."),
    };

    private static readonly Option<DateTimeOffset> From = new("--from")
    {
        Description = "When the price begins: a future instant in UTC, such as 2030-01-31T00:00Z.",
        Required = true,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (DateTimeOffset.TryParseExact(
                text, InstantFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant))
            {
                return instant;
            }

            result.AddError($"--from: '{text}' is not an instant in UTC such as 2030-01-31T00:00Z.");
            return default;
        },
    };

    public static Command Create() => new("prices", "What models cost.")
    {
        new Command("list", "Prices in force and scheduled ones, of all models.").Does(ListAsync),
        new Command("set", "Sets a model's price from now.") { Model, Organization }.WithAmounts()
            .Does((parsed, target, stop) => SetAsync(parsed, target, from: null, stop)),
        new Command("schedule", "Sets a model's price from a future instant.")
        {
            Model, From, Organization,
        }.WithAmounts().Does((parsed, target, stop) => SetAsync(parsed, target, parsed.GetRequiredValue(From), stop)),
        new Command("cancel", "Withdraws a scheduled price that is not in force yet.") { Version }.Does(CancelAsync),
    };

    private static async Task<int> ListAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        using var client = target.Connect();
        var snapshot = await client.GetAsync("billing", PriceOrder.Path, ContractsJson.Default.PriceSnapshot, cancellationToken);
        var now = TimeProvider.System.GetUtcNow();
        await Console.Out.WriteLineAsync(
            $"{"MODEL",-32} {"ORGANIZATION",-36} {"STATE",-9} {"FROM",-20} {"USD/1M IN",14} {"CACHED",14} {"USD/1M OUT",14} {"OTHER",-40}"
            + $" {"BATCH",6} VERSION");
        foreach (var price in snapshot.Prices)
        {
            var state = price.EffectiveFrom > now ? "scheduled" : "in force";
            await Console.Out.WriteLineAsync(
                $"{price.Model,-32} {price.OrganizationId?.ToString() ?? "all",-36} {state,-9} {Instant(price.EffectiveFrom),-20}"
                + $" {Usd(price.PicoUsd.Input),14} {Usd(price.PicoUsd.Cached),14} {Usd(price.PicoUsd.Output),14} {Media(price.PicoUsd),-40}"
                + $" {Factor(price.PicoUsd),6} {price.Version}");
        }

        return 0;
    }

    private static async Task<int> SetAsync(ParseResult parsed, Target target, DateTimeOffset? from, CancellationToken cancellationToken)
    {
        using var client = target.Connect();
        var price = PriceOptions.Read(parsed, parsed.GetRequiredValue(Model), from, parsed.GetValue(Organization));
        await PriceOrder.SendAsync(client, price, cancellationToken);
        await Console.Out.WriteLineAsync(Text(price));
        return 0;
    }

    private static async Task<int> CancelAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        var version = parsed.GetRequiredValue(Version);
        using var client = target.Connect();
        using var answer = await client.AskAsync(
            "accounts", HttpMethod.Delete, $"{PriceOrder.Path}/{version}", null, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            throw new OperatorException($"No scheduled price {version}. See: {target.Hint("prices list")}");
        }

        await client.RequireSuccessAsync("accounts", answer, cancellationToken);
        await Console.Out.WriteLineAsync($"Scheduled price {version} is withdrawn.");
        return 0;
    }

    /// <summary>Formats a price: X pico-dollars per token are X / 10^6 dollars per million tokens.</summary>
    private static string Usd(long pico) => (pico / 1_000_000m).ToString("0.######", CultureInfo.InvariantCulture);

    /// <summary>Formats the share that requests of batches pay.</summary>
    private static string Factor(UnitPrices prices) =>
        (prices.BatchFactor / (decimal)UnitPrices.WholeFactor).ToString("0.####", CultureInfo.InvariantCulture);

    private static string Instant(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Formats the prices of all units but tokens that are above 0.</summary>
    private static string Media(UnitPrices prices) => string.Join(", ", PriceMember.Shown(prices).Where(member => member.IsMedia).Select(
        member => string.Create(CultureInfo.InvariantCulture, $"{member.UsdOf(prices):0.############}/{member.Quote}")));

    private static string Text(SetPrice price)
    {
        var media = PriceMember.All.Where(member => member.IsMedia && member.Of(price) is not null)
            .Select(member => string.Create(CultureInfo.InvariantCulture, $"${member.Of(price)} per {member.Quote}")).ToList();
        var cached = price.CachedPerMillion is { } reused ? string.Create(CultureInfo.InvariantCulture, $" (${reused} cached)") : "";
        var tokens = string.Create(
            CultureInfo.InvariantCulture,
            $"${price.InputPerMillion ?? 0} in{cached} and ${price.OutputPerMillion ?? 0} out per million tokens");
        var amounts = string.Join(
            ", ", media.Count > 0 && price is { InputPerMillion: null, OutputPerMillion: null } ? media : media.Prepend(tokens));
        var payers = price.OrganizationId is { } one ? $"organization {one}" : "all organizations";
        var begins = price.EffectiveFrom is { } instant ? Instant(instant) : "now";
        var batches = price.BatchFactor is { } factor ? string.Create(CultureInfo.InvariantCulture, $" Batches pay {factor} of it.") : "";
        return $"{price.Model} costs {amounts} from {begins}, for {payers}.{batches}";
    }
}
