namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors of federated trainings.</summary>
public sealed partial record OpenAiError
{
    /// <summary>No federated training of the key's project has the id. Another project's looks the same.</summary>
    public static OpenAiError FederatedJobNotFound(string id) =>
        new(404, InvalidRequest, null, $"No such FederatedJob object: {Shorten(id)}", "id");

    /// <summary>The organization has as many federated trainings as it may that have not ended.</summary>
    public static OpenAiError TooManyFederatedJobs(int limit) => new(
        400, InvalidRequest, "too_many_federated_jobs",
        $"The organization has {limit} federated trainings that have not ended, the most that it may (Federated:MaxJobs). "
        + "Wait for one of them, or cancel one.")
    {
        BindingLimit = "organization.federated_jobs",
    };

    /// <param name="status">Such as <c>running</c>.</param>
    public static OpenAiError FederatedJobNotSucceeded(string id, string status) => new(
        400, InvalidRequest, "federated_job_not_succeeded", $"Federated training {Shorten(id)} is {status}: it has no result.");

    /// <param name="status">Such as <c>failed</c>.</param>
    public static OpenAiError FederatedJobEnded(string id, string status) => new(
        400, InvalidRequest, "federated_job_ended", $"Federated training {Shorten(id)} is {status}: it takes no messages.");

    public static OpenAiError FederatedJobNotCancellable(string id, string status) => new(
        400, InvalidRequest, "federated_job_not_cancellable", $"Federated training {Shorten(id)} is {status}: it cannot be cancelled.");

    public static OpenAiError UnknownParticipant(int participant, int most) => new(
        400, InvalidRequest, "unknown_participant",
        $"Invalid value for 'participant': this training has the participants 1 to {most}, not {participant}.", "participant");

    public static OpenAiError WrongMessageSignature(int participant) => new(
        400, InvalidRequest, "wrong_signature",
        $"Invalid value for 'signature': participant {participant} did not sign this message with its registered key.", "signature");

    /// <param name="isLate">The message's step is over; otherwise it has not begun.</param>
    /// <param name="now">Where the training is, such as <c>round 2, attempt 1, phase keys</c>.</param>
    public static OpenAiError MessageOutOfTurn(bool isLate, string now) => new(
        400, InvalidRequest, isLate ? "late_message" : "early_message",
        $"Invalid value for 'phase': the training is in {now}. {(isLate ? "The step of this message is over" : "The step of this message "
            + "has not begun")}; nothing was changed.", "phase");

    public static OpenAiError MessageReplayed(int participant) => new(
        400, InvalidRequest, "replayed_message",
        $"Participant {participant} has sent its message of this step already. The first one counts.", "phase");

    public static OpenAiError ParticipantNotInRound(int participant) => new(
        400, InvalidRequest, "not_in_round",
        $"Invalid value for 'participant': {participant} is no member of this attempt. It can take part in the next one.", "participant");

    /// <param name="why">A sentence.</param>
    public static OpenAiError MalformedPayload(string why) => new(
        400, InvalidRequest, "malformed_payload", $"Invalid value for 'payload': {why}", "payload");
}
