using System.Diagnostics.CodeAnalysis;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.FineTuning;

/// <summary>Form that deploys a trained model.</summary>
public sealed class DeployOrder
{
    /// <summary>Empty for the suffix of the job.</summary>
    public string? Name { get; set; }

    /// <summary>Of <see cref="ShowJob.Metrics"/>; empty for no minimum.</summary>
    public string? Metric { get; set; }

    /// <summary>Per cent.</summary>
    public string? Minimum { get; set; }

    /// <summary>Converts the form to an order; exactly one of the two is set.</summary>
    internal bool TryRead(string model, [NotNullWhen(true)] out NewDeployment? order, [NotNullWhen(false)] out string? fault)
    {
        (order, fault) = (null, null);
        var minimum = NumberFieldAttribute.Read(Minimum);
        if (!string.IsNullOrEmpty(Metric) && minimum is not (>= 0 and <= 100))
        {
            fault = "The minimum is a number of per cent between 0 and 100.";
            return false;
        }

        order = new NewDeployment(
            model, string.IsNullOrWhiteSpace(Name) ? null : Name.Trim(),
            string.IsNullOrEmpty(Metric) ? null : new DeploymentMinimum(Metric, (double)(minimum!.Value / 100)));
        return true;
    }
}
