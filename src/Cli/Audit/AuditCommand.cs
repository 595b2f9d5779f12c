using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tollgate.Cli.Commands;
using Tollgate.Contracts.Audit;
using Tollgate.Contracts.Json;

namespace Tollgate.Cli.Audit;

/// <summary><c>tollgate audit verify|export</c>.</summary>
internal static partial class AuditCommand
{
    private const string Installation = "installation";

    private static readonly Option<Guid?> Organization = new("--organization")
    {
        Description = "Id of one organization. Default: all, and the installation.",
        CustomParser = result => Ids.Read(result, "--organization", "the id of an organization."),
    };

    private static readonly Option<string?> Head = new("--head")
    {
        Description = "NUMBER:HASH of an entry, as an export or the log states a head: it must still be there.",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (HeadForm().IsMatch(text))
            {
                return text;
            }

            result.AddError($"--head: '{text}' is not NUMBER:HASH with 64 hex digits.");
            return null;
        },
    };

    private static readonly Option<string?> ExportFile = new("--file")
    {
        Description = "Verifies this export in JSON lines instead of an installation.",
    };

    private static readonly Argument<string> Out = new("FILE") { Description = "Receives the export; must not exist." };

    private static readonly Option<string> Format = new("--format")
    {
        Description = "csv or jsonl (default). JSON lines can be verified.",
        DefaultValueFactory = _ => "jsonl",
    };

    public static Command Create() => new("audit", "The audit log.")
    {
        new Command("verify", "Verifies the chains and lists every break.") { Organization, Head, ExportFile }.Does(VerifyAsync),
        new Command("export", "Writes entries to a file, oldest first.") { Out, Organization, Format.AcceptOnly("csv", "jsonl") }
            .Does(ExportAsync),
    };

    private static Option<string> AcceptOnly(this Option<string> option, params string[] values)
    {
        option.AcceptOnlyFromAmong(values);
        return option;
    }

    private static async Task<int> VerifyAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(ExportFile) is { } file)
        {
            return await ShowAsync(await ReadFileAsync(file, cancellationToken));
        }

        var (organization, head) = (parsed.GetValue(Organization), parsed.GetValue(Head));
        using var client = Target.Of(parsed).Connect();
        var query = (organization, head) switch
        {
            (null, null) => "",
            (null, _) => $"?chain={Installation}&head={head}",
            (_, null) => $"?chain={organization}",
            _ => $"?chain={organization}&head={head}",
        };
        return await ShowAsync(await client.GetAsync(
            "accounts", $"/internal/audit/verify{query}", ContractsJson.Default.IReadOnlyListAuditChainReport, cancellationToken));
    }

    private static async Task<int> ShowAsync(IReadOnlyList<AuditChainReport> reports)
    {
        await Console.Out.WriteLineAsync($"{"CHAIN",-36} {"ENTRIES",9} {"FIRST",9} {"LAST",9} {"SEALED",9} {"STATE",-10} HASH OF THE LAST");
        foreach (var report in reports)
        {
            var state = report.Breaks.Count == 0 ? "holds" : string.Create(CultureInfo.InvariantCulture, $"{report.Breaks.Count} broken");
            await Console.Out.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{report.Organization?.ToString() ?? Installation,-36} {report.Entries,9} {report.First,9} {report.Last,9}"
                + $" {report.SealedTo,9} {state,-10} {report.Hash}"));
            foreach (var broken in report.Breaks)
            {
                await Console.Out.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"  entry {broken.Number} {broken.Text}"));
            }
        }

        var breaks = reports.Sum(report => report.Breaks.Count);
        await Console.Out.WriteLineAsync(breaks == 0
            ? $"No breaks. Chains: {reports.Count}."
            : $"The audit log was changed. Breaks: {breaks}.");
        return breaks == 0 ? 0 : 1;
    }

    /// <summary>Verifies an export by itself. Signatures need the installation and are not checked.</summary>
    private static async Task<IReadOnlyList<AuditChainReport>> ReadFileAsync(string file, CancellationToken cancellationToken)
    {
        var chains = new SortedDictionary<Guid, AuditChain>();
        var number = 0;
        try
        {
            await foreach (var line in File.ReadLinesAsync(file, cancellationToken))
            {
                number++;
                if (JsonSerializer.Deserialize(line, ContractsJson.Default.AuditExportLine) is { HeadHash: not null } head)
                {
                    CheckHead(Chain(chains, head.Organization), head);
                }
                else
                {
                    var entry = JsonSerializer.Deserialize(line, ContractsJson.Default.AuditLine)!;
                    Chain(chains, entry.Organization).Take(entry);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException($"--file: {exception.Message}", exception);
        }
        catch (JsonException exception)
        {
            throw new OperatorException($"--file: line {number} of {file} is no line of an export in JSON lines.", exception);
        }

        return
        [
            .. chains.Select(chain => new AuditChainReport(
                chain.Key == Guid.Empty ? null : chain.Key, chain.Value.Entries, chain.Value.First?.Number ?? 0,
                chain.Value.Last?.Number ?? 0, chain.Value.Last?.Hash ?? "", SealedTo: 0, chain.Value.Breaks)),
        ];
    }

    private static AuditChain Chain(SortedDictionary<Guid, AuditChain> chains, Guid? organization)
    {
        var id = organization ?? Guid.Empty;
        return chains.TryGetValue(id, out var known) ? known : chains[id] = new AuditChain();
    }

    private static void CheckHead(AuditChain chain, AuditExportLine head)
    {
        if (chain.Last?.Number != head.HeadNumber || chain.Last?.Hash != head.HeadHash)
        {
            chain.Break(
                chain.Last?.Number ?? 0,
                string.Create(CultureInfo.InvariantCulture, $"is the last one, but the head of the chain is entry {head.HeadNumber}."));
        }
    }

    private static async Task<int> ExportAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        var (file, organization, format) = (
            parsed.GetRequiredValue(Out), parsed.GetValue(Organization), parsed.GetRequiredValue(Format));
        using var client = target.Connect();
        var chosen = $"?format={format}{(organization is null ? "" : $"&organization={organization}")}";
        await using var output = Create(file);
        var entries = 0;
        for (string? after = null; ;)
        {
            using var piece = await client.SendAsync(
                "accounts", HttpMethod.Get, $"/internal/audit/export{chosen}{(after is null ? "" : $"&after={after}")}", null,
                cancellationToken);
            await piece.Content.CopyToAsync(output, cancellationToken);
            var count = int.Parse(piece.Headers.GetValues(AuditHeaders.Count).Single(), CultureInfo.InvariantCulture);
            if (count == 0)
            {
                break;
            }

            entries += count;
            after = piece.Headers.GetValues(AuditHeaders.Last).Single();
        }

        if (format == "jsonl")
        {
            using var heads = await client.SendAsync(
                "accounts", HttpMethod.Get, $"/internal/audit/heads{chosen}", null, cancellationToken);
            await heads.Content.CopyToAsync(output, cancellationToken);
        }

        await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{entries} entries are in {file}."));
        return 0;
    }

    private static FileStream Create(string file)
    {
        try
        {
            return new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException($"FILE: {exception.Message}", exception);
        }
    }

    [GeneratedRegex("^[0-9]{1,18}:[0-9a-f]{64}$")]
    private static partial Regex HeadForm();
}
