using System.Globalization;
using Tollgate.Accounts.Canaries;
using Tollgate.Accounts.Catalogue;
using Tollgate.Contracts.Catalogue;

namespace Tollgate.Accounts.ModelVersions;

/// <summary>Form that divides the requests of a model.</summary>
public sealed class WeightsForm
{
    /// <summary>Version → text of its weight; empty for a version that gets no requests.</summary>
    public Dictionary<string, string?> Weights { get; set; } = [];

    internal static WeightsForm Of(VersionedModel model) => new()
    {
        Weights = model.Plan is { Versions.Count: > 0 } plan
            ? plan.Versions.Where(version => version.Weight > 0 || version.Kept)
                .ToDictionary(version => version.Version, version => (string?)version.Weight.ToString(CultureInfo.InvariantCulture))
            : [],
    };

    internal (IReadOnlyDictionary<string, int> Weights, IReadOnlyList<PlanFault> Faults) Read()
    {
        var named = Weights.Where(one => !string.IsNullOrWhiteSpace(one.Value)).ToList();
        List<PlanFault> faults = [];
        var weights = named.ToDictionary(
            one => one.Key,
            one => PlanFields.ReadWhole(one.Value, 0, SetWeights.Most, "weights", $"Weight of version {one.Key}", faults) ?? 0);
        return (weights, faults);
    }
}

/// <summary>Form that copies requests to a version.</summary>
public sealed class ShadowForm
{
    public string? Version { get; set; }

    public string? Percent { get; set; }

    internal (SetShadow Order, IReadOnlyList<PlanFault> Faults) Read()
    {
        List<PlanFault> faults = [];
        var percent = PlanFields.ReadWhole(Percent, 0, 100, "percent", "Percent", faults);
        if (percent is null && faults.Count == 0)
        {
            faults.Add(new PlanFault("percent", "Percent: state a number, 0 to end the copies."));
        }

        if (string.IsNullOrEmpty(Version))
        {
            faults.Add(new PlanFault("version", "Choose a version."));
        }

        return (new SetShadow(Version ?? "", percent ?? 0), faults);
    }
}

/// <summary>Form that starts a canary. Empty fields have their defaults.</summary>
public sealed class CanaryForm
{
    private const int MostMinutes = 7 * 24 * 60;

    public string? Version { get; set; }

    /// <summary>Percent, rising.</summary>
    public string? Steps { get; set; }

    public string? WindowMinutes { get; set; }

    /// <summary>Percentage points.</summary>
    public string? Errors { get; set; }

    public string? Latency { get; set; }

    public string? Least { get; set; }

    internal static CanaryForm Defaults { get; } = new()
    {
        Steps = string.Join(' ', CanaryOrder.Defaults.Steps),
        WindowMinutes = CanaryOrder.Defaults.Window.TotalMinutes.ToString(CultureInfo.InvariantCulture),
        Errors = CanaryOrder.Defaults.MostExtraErrors.ToString(CultureInfo.InvariantCulture),
        Latency = CanaryOrder.Defaults.MostLatencyRatio.ToString(CultureInfo.InvariantCulture),
        Least = CanaryOrder.Defaults.LeastRequests.ToString(CultureInfo.InvariantCulture),
    };

    internal (StartCanary Order, IReadOnlyList<PlanFault> Faults) Read()
    {
        List<PlanFault> faults = [];
        List<int> steps =
        [
            .. (Steps ?? "").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries)
                .Select(step => PlanFields.ReadWhole(step, 1, 100, "steps", "Steps", faults) ?? 0),
        ];
        var order = new StartCanary(Version ?? "")
        {
            Steps = steps.Count > 0 ? steps : null,
            Window = PlanFields.Read(WindowMinutes, 0.1, MostMinutes, "window", "Window", faults) is { } minutes
                ? TimeSpan.FromMinutes(minutes)
                : null,
            MostExtraErrors = PlanFields.Read(Errors, 0, 100, "mostExtraErrors", "Extra errors", faults),
            MostLatencyRatio = PlanFields.Read(Latency, 1, 100, "mostLatencyRatio", "Latency ratio", faults),
            LeastRequests = PlanFields.ReadWhole(Least, 1, 1_000_000, "leastRequests", "Fewest requests", faults),
        };
        if (order.Version.Length == 0)
        {
            faults.Add(new PlanFault("version", "Choose a version."));
        }

        return (order, [.. faults.Distinct()]);
    }
}

/// <summary>Reads number fields of forms; a fault names the field.</summary>
internal static class PlanFields
{
    /// <summary>Null for an empty field, and after adding a fault.</summary>
    public static double? Read(string? text, double least, double most, string member, string label, List<PlanFault> faults)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        if (double.TryParse(text.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value >= least && value <= most)
        {
            return value;
        }

        faults.Add(new PlanFault(member, string.Create(CultureInfo.InvariantCulture, $"{label}: a number from {least} to {most}.")));
        return null;
    }

    /// <summary>As <see cref="Read"/>, for whole numbers.</summary>
    public static int? ReadWhole(string? text, int least, int most, string member, string label, List<PlanFault> faults)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        if (int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
        {
            return value;
        }

        faults.Add(new PlanFault(member, string.Create(
            CultureInfo.InvariantCulture, $"{label}: a whole number from {least} to {most:#,##0}.")));
        return null;
    }
}
