using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Tollgate.Cli.Commands;
using Tollgate.Contracts.Explanations;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;

namespace Tollgate.Cli.Keys;

/// <summary><c>tollgate keys create|list|revoke|explain</c>. <c>create</c> prints only the new key, on one line.</summary>
internal static class KeysCommand
{
    private static readonly Option<string> Name = new("--name") { Description = "What the key is for.", Required = true };
    private static readonly Option<long?> Rpm =
        Numbers.Optional("--rpm", "Most requests a minute.", 1, RateLimitKind.RequestsPerMinute.Most);
    private static readonly Option<long?> Tpm =
        Numbers.Optional("--tpm", "Most tokens a minute, prompt and output together.", 1, RateLimitKind.TokensPerMinute.Most);
    private static readonly Option<decimal?> Budget = Numbers.Optional(
        "--budget-usd", "Most US dollars in a calendar month (UTC).", BudgetKind.Monthly.Least, (decimal)BudgetKind.Monthly.Most);

    private static readonly Argument<string> Key = new("KEY")
    {
        Description = "The start of the key, sk-tg- and 12 characters, as list shows it.",
        CustomParser = result => ReadPublicId(result.Tokens[0].Value) ?? Refuse(result),
    };

    public static Command Create() => new("keys", "API keys of the operator's own organization; explain knows all.")
    {
        new Command("create", "Makes a key in the operator's own project and prints it; it is shown this once.")
        {
            Name, Rpm, Tpm, Budget,
        }.Does(CreateAsync),
        new Command("list", "Every key, newest first, without its secret.").Does(ListAsync),
        new Command("revoke", "Ends a key for good.") { Key }.Does(RevokeAsync),
        new Command("explain", "Why a key of any organization is limited: each value that holds, and whose rule it is.") { Key }
            .Does(ExplainAsync),
    };

    private static async Task<int> CreateAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        using var client = target.Connect();
        var order = new CreateOperatorKey(
            parsed.GetRequiredValue(Name), parsed.GetValue(Rpm), parsed.GetValue(Tpm), parsed.GetValue(Budget));
        var key = await AskAsync(
            client, target, HttpMethod.Post, "", JsonContent.Create(order, ContractsJson.Default.CreateOperatorKey),
            ContractsJson.Default.CreatedKey, cancellationToken);
        await Console.Out.WriteLineAsync(key.Text);
        return 0;
    }

    private static async Task<int> ListAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        using var client = target.Connect();
        var keys = new List<KeyLine>();
        Guid? after = null;
        do
        {
            var page = await AskAsync(
                client, target, HttpMethod.Get, after is null ? "" : $"?after={after}", null, ContractsJson.Default.KeyListPage,
                cancellationToken);
            keys.AddRange(page.Keys);
            after = page.Next;
        }
        while (after is not null);

        await Console.Out.WriteLineAsync($"{"KEY",-18} {"NAME",-32} {"STATE",-8} {"CREATED",-20} {"RPM",10} {"TPM",10} {"USD/MONTH",12}");
        foreach (var key in keys)
        {
            await Console.Out.WriteLineAsync(Line(key));
        }

        return 0;
    }

    private static async Task<int> RevokeAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        using var client = target.Connect();
        var publicId = parsed.GetRequiredValue(Key);
        using var answer = await client.AskAsync("accounts", HttpMethod.Delete, $"/internal/keys/{publicId}", null, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            throw new OperatorException(
                $"The operator's organization has no key {ApiKeyText.Prefix}{publicId}. See: {target.Hint("keys list")}");
        }

        await client.RequireSuccessAsync("accounts", answer, cancellationToken);
        await Console.Out.WriteLineAsync(
            $"Key {ApiKeyText.Prefix}{publicId} is revoked"
            + (answer.StatusCode == HttpStatusCode.Accepted ? "; gateways may accept it until Redis answers again." : "."));
        return 0;
    }

    private static async Task<int> ExplainAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        using var client = target.Connect();
        var publicId = parsed.GetRequiredValue(Key);
        using var answer = await client.AskAsync(
            "accounts", HttpMethod.Get, $"/internal/keys/{publicId}/explanation", null, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            throw new OperatorException($"No key {ApiKeyText.Prefix}{publicId} was ever made.");
        }

        await client.RequireSuccessAsync("accounts", answer, cancellationToken);
        var key = (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.KeyExplanation, cancellationToken))!;
        foreach (var line in LinesOf(key))
        {
            await Console.Out.WriteLineAsync(line);
        }

        return 0;
    }

    /// <summary>An explanation as lines of text.</summary>
    internal static IEnumerable<string> LinesOf(KeyExplanation key)
    {
        yield return $"{ApiKeyText.Prefix}{key.PublicId}  {key.Name}";
        yield return $"of {key.Owner ?? "the command line"}, project {key.Project}, {key.Organization}";
        yield return "";
        yield return $"{"WHAT",-34} {"VALUE",-34} {"SET BY",-13} ALSO";
        foreach (var value in key.Values)
        {
            var others = string.Join("; ", value.Others.Select(other => $"{NameOf(other.SetBy)}: {other.Value}"));
            yield return $"{value.Label,-34} {value.Value,-34} {NameOf(value.SetBy),-13} {others}".TrimEnd();
        }

        yield return "";
        yield return $"{"MODEL",-34} {"",-34} SET BY";
        foreach (var model in key.Models)
        {
            yield return $"{model.Model,-34} {(model.Allowed ? "allowed" : "refused"),-34} {NameOf(model.SetBy)}";
        }
    }

    private static string NameOf(RuleLevel level) => level.ToString().ToLowerInvariant();

    /// <summary>Returns the 12 characters that name a key; null for other text. The rest of a whole key is left out.</summary>
    internal static string? ReadPublicId(string text)
    {
        var id = text.StartsWith(ApiKeyText.Prefix, StringComparison.Ordinal) ? text[ApiKeyText.Prefix.Length..].Split('-')[0] : text;
        return id.Length == ApiKeyText.PublicIdLength && id.All(char.IsAsciiLetterOrDigit) ? id : null;
    }

    private static string? Refuse(System.CommandLine.Parsing.ArgumentResult result)
    {
        result.AddError($"KEY: '{ApiKeyText.Redact(result.Tokens[0].Value)}' is not the start of a key. See: ./tollgate keys list");
        return null;
    }

    /// <exception cref="OperatorException">There is no operator yet, or Accounts refused or did not answer.</exception>
    private static async Task<TAnswer> AskAsync<TAnswer>(
        OperatorClient client, Target target, HttpMethod method, string query, HttpContent? content, JsonTypeInfo<TAnswer> json,
        CancellationToken cancellationToken)
    {
        using var answer = await client.AskAsync("accounts", method, "/internal/keys" + query, content, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            throw new OperatorException($"accounts knows no operator yet. Make one with: {target.Hint("bootstrap")}");
        }

        await client.RequireSuccessAsync("accounts", answer, cancellationToken);
        return (await answer.Content.ReadFromJsonAsync(json, cancellationToken))!;
    }

    private static string Line(KeyLine key)
    {
        var budget = BudgetKind.Monthly.Read(key.Limits)?.ToString("0.######", CultureInfo.InvariantCulture);
        return $"{ApiKeyText.Prefix + key.PublicId,-18} {key.Name,-32} {key.State.ToString().ToLowerInvariant(),-8}"
            + $" {key.CreatedAt.UtcDateTime,-20:yyyy-MM-dd HH:mm:ss} {Text(key.Limits.RequestsPerMinute),10}"
            + $" {Text(key.Limits.TokensPerMinute),10} {budget ?? "-",12}";
    }

    private static string Text(long? limit) => limit?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
