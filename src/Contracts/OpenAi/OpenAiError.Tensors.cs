using System.Globalization;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors in the tensors of a request.</summary>
public sealed partial record OpenAiError
{
    /// <param name="header">Its name.</param>
    /// <param name="why">A sentence without its full stop.</param>
    public static OpenAiError InvalidHeader(string header, string why) =>
        new(400, InvalidRequest, "invalid_header", $"The header {header} does not fit the body: {why}.", header);

    /// <param name="name">An input of the model.</param>
    public static OpenAiError MissingTensor(string name) => new(
        400, InvalidRequest, "missing_required_parameter", $"The input '{Shorten(name)}' is missing in 'inputs'.", "inputs");

    /// <param name="name">An output of the model.</param>
    /// <param name="why">Continues the sentence.</param>
    public static OpenAiError OutputNeedsBinary(string name, string why) => new(
        400, InvalidRequest, "output_not_in_json",
        $"The output '{Shorten(name)}' {why}. Ask for it in binary form, with the parameter binary_data, or leave it out.", "outputs");

    /// <summary>The model gives more than the request's hold pays for, or than an answer holds.</summary>
    public static OpenAiError AnswerTooLarge(string model) => new(
        400, InvalidRequest, "answer_too_large",
        $"The model '{Shorten(model)}' gives more to these inputs than one answer holds. Send smaller tensors, or ask for fewer outputs.",
        "inputs");

    /// <summary>The model itself refuses the tensors, such as a shape or an index that one of its operators cannot read.</summary>
    public static OpenAiError ModelRefused(string model) => new(
        400, InvalidRequest, "model_refused",
        $"The model '{Shorten(model)}' cannot run these inputs: one of its operators refuses their shapes or values, or needs more memory "
        + "than a run may have.",
        "inputs");

    /// <summary>A run took longer than one may.</summary>
    public static OpenAiError RunTooLong(string model, TimeSpan most) => new(
        400, InvalidRequest, "run_too_long",
        string.Create(
            CultureInfo.InvariantCulture,
            $"The model '{Shorten(model)}' was stopped after {most.TotalSeconds:0.###} s with these inputs. Send smaller tensors."),
        "inputs");

    /// <summary>A version that is not the one in service.</summary>
    public static OpenAiError VersionNotFound(string model, string version) => new(
        404, InvalidRequest, "version_not_found", $"The model '{Shorten(model)}' has no version '{Shorten(version)}' in service.",
        "version");

    /// <summary>No worker has the model at the moment. The protocol wants a status of the client's for it.</summary>
    public static OpenAiError ModelNotReady(string model) => new(
        400, InvalidRequest, "model_not_ready", $"The model '{Shorten(model)}' is not ready.", "model");
}
