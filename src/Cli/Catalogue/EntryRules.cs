using System.Text.RegularExpressions;
using Tollgate.Cli.Downloads;
using Tollgate.Cli.Hub;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Inference.Models;

namespace Tollgate.Cli.Catalogue;

/// <summary>What an entry of the catalogue must be, beyond its members.</summary>
internal static partial class EntryRules
{
    /// <summary>The first fault of an entry, in words; null for a right one.</summary>
    public static string? FindFault(InstallableModel model) =>
        !ModelName.IsValid(model.Id) ? "The id cannot name a model."
        : ModelTask.Find(model.Task) is null ? $"There is no task '{model.Task}'."
        : !Spdx().IsMatch(model.Licence) ? $"The licence '{model.Licence}' is no SPDX identifier."
        : !model.LicenceUrl.IsAbsoluteUri || model.LicenceUrl.Scheme != Uri.UriSchemeHttps ? "licence_url is not an https URL."
        : FindSourceFault(model)
            ?? (model.Files.Count == 0 ? "It has no files."
                : model.Files.DistinctBy(file => file.Name, StringComparer.OrdinalIgnoreCase).Count() < model.Files.Count
                    ? "Two files have one name."
                : HasSharedPath(model) ? "Two files come from one path of the package."
                : model.Files.Select(file => FindFileFault(file, model)).FirstOrDefault(fault => fault is not null)
                    ?? (model.Import?.File is { } file && !model.Files.Any(one => one.Name == file)
                        ? $"There is no file '{file}' to import." : FindPriceFault(model)));

    private static string? FindSourceFault(InstallableModel model) =>
        PackageName.Find(model.Source) is not null
            ? model.Bytes is not > 0 ? "bytes, the size of the package, is missing."
                : FileDigest.ReadIntegrity(model.Integrity) is null ? "integrity is not the package's sha512 in base64." : null
        : !HubModel().IsMatch(model.Source) || !HubName.Is(model.Source)
            ? "source is not npm:NAME@VERSION, nuget:NAME@VERSION or hf:OWNER/MODEL@COMMIT."
        : model.Bytes is not null || model.Integrity is not null ? "bytes and integrity belong to each file of the hub." : null;

    private static string? FindFileFault(InstallableFile file, InstallableModel model)
    {
        var isHub = HubName.Is(model.Source);
        var isRight = file switch
        {
            { From: { } from, Bytes: > 0, Sha256: null, Json: null, Vocabulary: null } => !isHub && PackedPath().IsMatch(from),
            { From: null, Resource: null, Bytes: > 0, Sha256: { } sha256, Json: null, Vocabulary: null } =>
                isHub && Sha256().IsMatch(sha256),
            { From: null, Resource: null, Bytes: null, Sha256: null, Json: not null, Vocabulary: null } => true,
            { From: null, Resource: null, Bytes: null, Sha256: null, Json: null, Vocabulary: { } words } =>
                model.Files.Any(one => one.Name == words && one.Json is null && one.Vocabulary is null),
            _ => false,
        };
        return !PlainName().IsMatch(file.Name) ? $"'{file.Name}' is not a plain name of a file."
            : isRight ? null
            : $"The file '{file.Name}' needs either from and bytes (of a package), bytes and sha256 (of the hub), json, or vocabulary.";
    }

    /// <summary>Whether a path gives two whole files, or a file and resources.</summary>
    private static bool HasSharedPath(InstallableModel model) => model.Files.Where(file => file.From is not null).GroupBy(file => file.From)
        .Any(group => group.Count() > 1 && group.Any(file => file.Resource is null));

    private static string? FindPriceFault(InstallableModel model) =>
        model.Prices?.Keys.FirstOrDefault(key => !PriceMember.All.Any(member => member.Name == key)) is { } unknown
            ? $"There is no price '{unknown}'."
            : model.ToOrder(model.Id)?.FindFaults() is [var fault, ..] ? $"{fault.Member}: {fault.Text}" : null;

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9.+-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Spdx();

    [GeneratedRegex(@"\Ahf:[A-Za-z0-9._-]+/[A-Za-z0-9._-]+@[0-9a-f]{40}\z", RegexOptions.CultureInvariant)]
    private static partial Regex HubModel();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,199}\z", RegexOptions.CultureInvariant)]
    private static partial Regex PlainName();

    [GeneratedRegex(
        @"\A[A-Za-z0-9_@][A-Za-z0-9._@+-]{0,199}(/[A-Za-z0-9_@][A-Za-z0-9._@+-]{0,199}){0,15}\z", RegexOptions.CultureInvariant)]
    private static partial Regex PackedPath();

    [GeneratedRegex(@"\A[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Sha256();
}
