using Tollgate.Contracts.Metering;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Requests;

/// <summary>The request, the attempt and the organization that the gateway names in its headers.</summary>
/// <param name="Attempt">The gateway's attempt, from 1.</param>
/// <param name="Organization">For fairness; empty when the caller names none.</param>
/// <param name="ServiceClass">Standard when the caller names none.</param>
/// <param name="IsShadow">Whether it is a copy of a request, which nobody pays for.</param>
internal sealed record RequestIdentity(
    Guid Id, int Attempt, Guid Organization, ServiceClass ServiceClass = ServiceClass.Standard, bool IsShadow = false)
{
    public Party Party => IsShadow ? new(Organization, ServiceClass.Batch, IsShadow: true) : new(Organization, ServiceClass);
}
