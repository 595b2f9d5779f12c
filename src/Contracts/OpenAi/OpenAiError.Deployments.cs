using System.Globalization;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors of deployments.</summary>
public sealed partial record OpenAiError
{
    /// <summary>No deployment of the key's project has the name. Another project's looks the same.</summary>
    public static OpenAiError DeploymentNotFound(string name) =>
        new(404, InvalidRequest, null, $"No such deployment: {Shorten(name)}", "name");

    /// <summary>The project has no trained model of the name. Another project's looks the same.</summary>
    public static OpenAiError TrainedModelNotFound(string model) => new(
        404, InvalidRequest, "model_not_found",
        $"No such trained model: {Shorten(model)}. GET /v1/fine_tuning/models lists those of the project.", "model");

    /// <summary>A model does not reach what its deployment demands.</summary>
    /// <param name="value">Null where the evaluation has no such metric.</param>
    /// <param name="isOfName">Whether an earlier deployment of the name set the minimum, not this request.</param>
    public static OpenAiError BelowMinimum(
        string model, string name, string metric, double least, double? value, bool isOfName) => new(
        400, InvalidRequest, "below_minimum", string.Create(
            CultureInfo.InvariantCulture,
            $"The model {Shorten(model)} has {(value is { } reached ? $"the {metric} {reached:0.####}" : $"no {metric}")}; "
            + $"the minimum {(isOfName ? $"of the deployment '{name}'" : "of this request")} is {least:0.####}. "
            + $"Nothing was changed."),
        isOfName ? "model" : "minimum");

    /// <summary>There is no earlier model to go back to.</summary>
    public static OpenAiError NothingToRollBack(string name) => new(
        400, InvalidRequest, "no_previous_model",
        $"The deployment '{Shorten(name)}' has had one model only: there is none to go back to.", "name");

    /// <summary>A trained model that has a name cannot be deleted.</summary>
    public static OpenAiError ModelIsDeployed(string model, string name) => new(
        409, InvalidRequest, "model_deployed",
        $"The model {Shorten(model)} is deployed as '{name}'. Delete the deployment, or deploy another model under the name.", "model");

    /// <summary>The organization has as many deployments as it may.</summary>
    public static OpenAiError TooManyDeployments(int limit) => new(
        400, InvalidRequest, "too_many_deployments",
        $"Invalid value for 'name': the organization has {limit} deployments, the most that it may (Deployments:MaxDeployments). "
        + "Delete one, or use the name of one.", "name")
    {
        BindingLimit = "organization.deployments",
    };
}
