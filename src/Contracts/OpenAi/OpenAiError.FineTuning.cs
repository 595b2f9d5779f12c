namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors of fine-tuning jobs.</summary>
public sealed partial record OpenAiError
{
    /// <summary>No job of the key's project has the id. Another project's job looks the same.</summary>
    public static OpenAiError JobNotFound(string id) => new(
        404, InvalidRequest, "fine_tune_not_found", $"Could not find fine-tune: {Shorten(id)}", "fine_tuning_job_id");

    /// <summary>A model that no trainer offers, or that the key may not use.</summary>
    public static OpenAiError ModelNotTrainable(string model) => new(
        404, InvalidRequest, "model_not_found",
        $"The model '{Shorten(model)}' does not exist, or it cannot be fine-tuned here. Name an embedding model of this server, or 'lstm'.",
        "model");

    /// <summary>A method that OpenAI has and Tollgate does not.</summary>
    public static OpenAiError UnsupportedMethod(string param, string method, string accepted) => new(
        400, InvalidRequest, "unsupported_value",
        $"Unsupported value: '{param}' does not support '{Shorten(method)}' here. Use {accepted}.", param);

    /// <summary>No file of the key's project has the id that the member names.</summary>
    /// <param name="param"><c>training_file</c> or <c>validation_file</c>.</param>
    public static OpenAiError TrainingFileNotFound(string param, string id) => new(
        404, InvalidRequest, null, $"Invalid value for '{param}': no such File object: {Shorten(id)}", param);

    /// <summary>The file that a job names cannot be trained on.</summary>
    /// <param name="why">A sentence.</param>
    public static OpenAiError UnusableTrainingFile(string param, string id, string why) => new(
        400, InvalidRequest, "invalid_value", $"Invalid value for '{param}': {Shorten(id)} cannot be trained on. {why}", param);

    /// <summary>A file of a job was deleted, has expired or is damaged before the job had ended.</summary>
    /// <param name="param"><c>training_file</c> or <c>validation_file</c>.</param>
    public static OpenAiError TrainingFileGone(string param) => new(
        400, InvalidRequest, "file_gone",
        $"The job failed: the file of '{param}' was deleted, has expired or is damaged. Send the file again and make a new job.", param);

    /// <summary>The organization has as many jobs as it may that have not ended.</summary>
    public static OpenAiError TooManyJobs(int limit) => new(
        429, "requests", "too_many_jobs",
        $"The organization has {limit} fine-tuning jobs that have not ended, the most that it may (Jobs:MaxJobs). "
        + "Wait for one of them, or cancel one.")
    {
        ShouldRetry = false,
        BindingLimit = "organization.jobs",
    };

    /// <summary>What was asked of a job does not fit its state.</summary>
    /// <param name="action">Such as <c>cancelled</c>.</param>
    /// <param name="status">Such as <c>succeeded</c>.</param>
    public static OpenAiError JobNotIn(string id, string action, string status) => new(
        400, InvalidRequest, $"job_not_{action}", $"Job {Shorten(id)} is {status}: it cannot be {action}.");

    /// <summary>A job that has not succeeded has no evaluation.</summary>
    public static OpenAiError NoEvaluation(string id, string status) => new(
        400, InvalidRequest, "no_evaluation",
        $"Job {Shorten(id)} is {status}: it has no evaluation. A job has one when it has succeeded.");

    /// <summary>A job whose runs ended early again and again without getting further.</summary>
    public static OpenAiError TrainingKeptFailing(int times) => new(
        500, ServerFault, "training_failed",
        $"The training ended early {times} times in a row without getting further. What it had trained before is billed. "
        + "Make a new job, or ask the operator of this service.");
}
