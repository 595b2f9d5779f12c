namespace Tollgate.Contracts.Learning;

/// <summary>
/// What of an organization is destroyed so far. Learning → Accounts, <c>DELETE /internal/organizations/{id}/contents</c>: each call
/// destroys some more, and counts everything since the first call.
/// </summary>
/// <param name="FileBytes">Plain bytes of <paramref name="Files"/>.</param>
/// <param name="Models">Trained models.</param>
/// <param name="Responses">Kept responses.</param>
/// <param name="Batches">Batches that were ended, as were <paramref name="Jobs"/> of fine-tuning.</param>
/// <param name="IsDone">Whether nothing was left for this call; otherwise it is to be called again.</param>
public sealed record DestroyedContents(long Files, long FileBytes, long Models, long Responses, long Batches, long Jobs, bool IsDone);
