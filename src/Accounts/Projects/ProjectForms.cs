using System.ComponentModel.DataAnnotations;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Portal;
using Tollgate.Accounts.UsageLimits;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Projects;

/// <summary>Form for the name of something of the organization.</summary>
public class NameForm
{
    /// <summary>Becomes the id of what is made, so a form submitted twice makes one.</summary>
    public Guid RequestId { get; set; }

    [Required(ErrorMessage = "Give it a name.")]
    [StringLength(100, ErrorMessage = "At most 100 characters.")]
    [RegularExpression(@"[^\p{C}]*\S[^\p{C}]*", ErrorMessage = "Letters, digits, signs and spaces alone.")]
    public string Name { get; set; } = "";
}

/// <summary>Form that makes a service account.</summary>
public sealed class ServiceAccountForm : NameForm
{
    /// <summary><c>developer</c> or <c>reader</c>.</summary>
    [RegularExpression("developer|reader", ErrorMessage = "Choose developer or reader.")]
    public string Role { get; set; } = "developer";

    internal MemberRole ReadRole() => Role == "reader" ? MemberRole.Reader : MemberRole.Developer;
}

/// <summary>Form for what all keys of a project may do together.</summary>
public sealed class ProjectSettingsForm : LimitsForm
{
    /// <summary>Null only in a form that the page did not create.</summary>
    public ModelsForm? Models { get; set; }

    /// <summary>US dollars a month; empty for none.</summary>
    [NumberField("0.000001", "1000000", Fractions = true, ErrorMessage = "Digits with a decimal point, 0.000001 to 1,000,000; or empty.")]
    public string? SoftBudget { get; set; }

    internal static ProjectSettingsForm Of(Project project)
    {
        var form = new ProjectSettingsForm
        {
            Models = new(), SoftBudget = NumberFieldAttribute.Write(project.SoftBudgetNanoUsd / 1_000_000_000m),
        };
        form.Read(project.Limits);
        form.Models.Fill(project.ModelsAllowed, project.ModelsDenied);
        return form;
    }

    /// <summary>Reads a form whose fields are right.</summary>
    /// <param name="error">What is wrong with the models; null when nothing is.</param>
    internal ProjectSettings ReadSettings(Limits others, out string? error)
    {
        var (allowed, denied) = (Models ?? new()).ReadModels(out error);
        return new ProjectSettings(
            ApplyTo(others), NumberFieldAttribute.Read(SoftBudget) is { } usd ? (long)decimal.Floor(usd * 1_000_000_000m) : null, allowed,
            denied);
    }
}
