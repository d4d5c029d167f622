"""Small archives that 7-Zip 26.02 and Info-ZIP 3.0 made, as text: what no program in the standard library writes.

Each holds a.txt (TEXT) and b.bin (BYTES); the encrypted ones have the password "secret".
"""

import base64

TEXT = b"all work and no play " * 20
BYTES = bytes(range(256))
PASSWORD = b"secret"

_ARCHIVES = {
    "7z -mm=Deflate64": (
        "P)h>@6#xJL2>{(wZ&)|C7}_QP005)`000F5003bwba-^-$iWE!APfY-"
        "R<^YRe;$eW5xY+tfy{Gc^YU&Ki%5?38K1qf08mQ<1PTBE0002pQ*T&vj0GtG0RR910RR960001DE@EkJ009C61O)~M2nh-"
        "c3=Iws5D^j+6crX17#SKH9337XAR!_nBqb&%C@Cr{EG;fCFflSSG&MFiI5|2yJUu=?KtV!7L`6nNNJ&adOifNtP*GA-"
        "R8>}2SXo+ITwPvYU}0ioWMyV&XlZI|Y;A6DaB*^Tbai%jczJqze0_d@fPsR8goTEOh>41ejE#<ukdcy;l$Dm3n3<ZJoSmMZprN9p"
        "q@|{(sHv)}tgWuEu(7hUw6(UkxVgH!yuH4^z`?@9#Kp$P$jQpf%+1cv(9zP<)YaD4*xB0K+}+;a;Njxq<mKk)=;`X~?CtLF@bU8V"
        "^!4`l`1$(#{Qds_P)h*<KLZs2000R9-BWK^H@6ttCIA2cqyYc`1pp)f00000001C>q=5hc003bwba-"
        "?M03ZMW0000102lxOojcyccG>{|0000000000000000000`O928u0}22D0002pQ*T&vj0GtG0RR910RR9603-"
        "ka0000003d**fk^-W0Aem;X>JMtAOHXW000317ytmBJKn=~+5rFn000000000000000002-+1qJ{B000620syW6003+O00000"
    ),
    "7z -mm=BZip2": (
        "P)h>@E&u=k3;^9zZ&)|C7}`ew005)`000F5003bwba-?^T4*^jL0KkKS%Pz5kN^NO5r9AdBn{A@AOKK+1_G5sCYd-"
        ")69mycCPe6(Cdt`0O^K3ZoF`<_IwlGDyOJrwgoG2D1b|RW0|W{H00000-"
        "BWK^bBqNk00961009611poj5VlHB7ZU6xS0|W&I2M7rY3k(eo4-"
        "gR&6BHE|7Z@2D8yp=TA0QzjBP1mzCnzZ@D=aN8FEBAOGc+|eH#j*uJ3Ku;KR`i3LqtVJM@UIZOH55pPf$@(Q&d$}S6EqETU=dUUt"
        "nQkV`OD!XJ~0^Yiw<9Z*XyPb98lfcX)YvdwhL<e}I94gM@{Khlq)ai;RtqkC2g)la!T~mzbHFo1C4VpP-"
        "?lqok##r>Lo_tE{cAuduPQv$VCgx45~wyS%-=zrex5!^FkL$H>Xb%goKr&(P7*)6~`0*Vx(G+uYsW-"
        "{9fm<K*S$=jiF`>+J3B@9^>R^Yr!h_xSnx`~3a>|4>T-"
        "0zU&T0000C0Nqn>SU0yA+D8BY0Hgr`00jUf000000000WfTV!{0001CE_8Tw3IHGg000000RR{P0G&JD!*<#M000000000000000"
        "00000P)h*<KLZK?00000-"
        "BWK^bBqNk00961009611pp)f00000001C>q=9Mx003exVrgy)03ZMW0000102lxOojcyccG>{|0000000000000000000`O9ci10"
        "000200IE60001u0RR9100"
    ),
    "7z -mm=LZMA": (
        "P)h>@KL7#%4glR#Z&)|C7}_lW005)`000F5003bwba-"
        "?c0tEnF01yBG05F>@KzBI|^Vf*OOR5eD^YPNQaQV)YrYe<^6kGrQ<!S%`P)h>@KL7#%4glR#Z&-"
        "7T1u6Of00001000F5003exVrgy~0tEnF01yBG0000|Pzr?ko3el*scF_H;64UgUj&U))C9UYR|N^dRV3b>xN%uAV4<J+Z%K3V$m)"
        "!`8jC4uA%OlfgJ!QrZS0<jiVK7AJPwJDKkZ-Vo{-"
        "rb|1$Kl;5kvU(i9c6#c{gZ2IF~}pSw80umG%+3#tYg0}==oTbsy8@G>s`Eue?U@TB0<QR|IoR+6$!gvIfOG2d!pTf%uQ+4nqix^#"
        "30*gUCLA|#<^_*#TtFlW;COGz$&AnV)s5Dt`hcgH_#@3hU8;&1juZU)Z_f*Q-"
        ")dhl0`nE#N#KIXv^L3Qo}D3<FJn}o{$|CwL_08mQ-"
        "0zU&k00ICG0Nqn>SU0yA+ARP80Hgr`00jUf000000000WfTV!{0001CE_8Tw3IHGg000000RR{P0G&JD!*<#M000000000000000"
        "00000P)h*<KLbAi0ssyG-BWK^bBqNk`Tzg`009611pp)f00000001C>q=8TX003exVrgy)03ZMW0000102lxOojcyccG>{|00000"
        "00000000000000`O9ci10000200IE60001O0RR9100"
    ),
    "7z -mm=xz": (
        "P)h>@6aWAKUjW@xZ&)|C7}{I_005)`000F5003bwba-_AH+ooF0004LBHlIv03iVY0000tCzsaX0iysOT>vnfEI@ZT4D;8B!%M0T"
        "3G?yNws85*lcp+_S%?4t0000tw;0+00XC!q0002hreuabFb#_W000000a;p5O9KQ7000000Nqn>SaXa8DF6Wg0003100jU50Aem;"
        "X>I@k0s{mE1_uZU3JVMk4i69!5)%{^78e*98XFuP9v>hfA|oUvCMPH<Dl054E-"
        "x@KGBY$aHa9pqIy*c)K0iP~LPJDFMn_0VN=r;lPESx#Qd3k_R##YAT3cLQUSD8gVq;`wW@l(=YHMt5Zf|gLa&vTbc6WGrdV73*et"
        "&?0f`f#GhKGoWii?bmj*pO$l9QB`mY0~Bnwy-"
        "Ro}ZwhqNAjxrl+W>s;jK6uCK7Mva__cwzs&sy1Tr+zQ4f1!o$SH#>dFX%FE2n&d<=%($mz{*4NnC+S}aS-rwNi;^XAy=I7|?>g(+"
        "7?(gvN^7Hid_V@Vt`uqI-"
        "{{K)*0Rle*6aWAKUjW@xZ&)|C7}{I_005)`000F5Bme*a00000Ab_NS00000VJ>udbP50<000000096P005mk-otj<0RR9100000"
        "000000000008mQ-"
        "0zU%^000000Nqn>SaXa8DF6Wg0003100jUf000000000WfTV$c0001DE@EkJ3IHGg000000RR{P0G&JD!*<#M000000000000000"
        "00000P)h{{000000ssO4t^fc4q5%K^000"
    ),
    "7z -mm=PPMd": (
        "P)h>@KL7v#VgTJ!Z&)|C7}_5I005)`000F5003bwba-?J0AUR|l>+o#<JDn-i-t%H;)wnJqKt0<0%toC1OQM=0|W{H00000-"
        "BWK^bBqNk00961009611poj5VlHB7ZU6xS0|W&I2M7rY3k(eo4-"
        "gR&6BHE|7Z@2D8yp=TA0QzjBP1mzCnzZ@D=aN8FEBAOGc+|eH#j*uJ3Ku;KR`i3LqtVJM@UIZOH55pPf$@(Q&d$}S6EqETU=dUUt"
        "nQkV`OD!XJ~0^Yiw<9Z*XyPb98lfcX)YvdwhL<e}I94gM@{Khlq)ai;RtqkC2g)la!T~mzbHFo1C4VpP-"
        "?lqok##r>Lo_tE{cAuduPQv$VCgx45~wyS%-=zrex5!^FkL$H>Xb%goKr&(P7*)6~`0*Vx(G+uYsW-"
        "{9fm<K*S$=jiF`>+J3B@9^>R^Yr!h_xSnx`~3a>|4>T-"
        "0zU&k0001D0Nqn>SU0yA+8+P_0Hgr`00jUf000000000WfTV!{0001CE_8Tw3IHGg000000RR{P0G&JD!*<#M000000000000000"
        "00000P)h*<KLZK?00000-"
        "BWK^bBqNk00961009611pp)f00000001C>q=7;J003exVrgy)03ZMW0000102lxOojcyccG>{|0000000000000000000`O9ci10"
        "000200IE60001G0RR9100"
    ),
    "7z -mem=ZipCrypto": (
        "P)h>@6aWDL2mswvZ&)|C7}_xa005)`000F5003bwba-"
        "?b#@^(<0d5Cn4>{ksLdjf+nkzF|;6lb=l7f$I3_==MGvn4W!+rE`#FcFnhac5*P)h>@6aWDL007-nZ&-"
        "7T1t|;x00001000F5003exVrg!NvCE*~Vq+xOEZ)?>5^oj^B|Kmn^oZGgZqhdH=FF-LC5d-"
        "O|0&Q>AZDyKuKb!JeRDU)Typd<T~I<anxKlXhV4az4Uf?7{Lcq+TNOLjJAuFJ?G``^n^gEeU&<}kRg=%eK=@`tU@C}hX*;+GOwei"
        "&FG%MCw#jEIEmnk26{*Gr0)%){zjh-mnyyDS@9c^D{U%#6Au7Z+uL$<cnhwvXmH+h`iWJ}n94FH6gjjh^K8FPc-"
        "y7?V+D^}8C%T&VAu(pHAGZODVldvW2f!rmk<u=*Ftnhf#MnHof6MVRct8rX3yT_pgn|khVfeWUz$ur&L4&Cu<KM?axL@x3x$}w?t"
        "qDd@O928u0~7!O00;oxQ*T%|w;0+n0001_0RR9603-"
        "ka0000003d**fdBvi0AVh4cytN?AOHXW000317ytmBJKn=~+5rFn000000000000000002-+0Rle*6aWDL007-nZ&-"
        "7T1t|;x00001000F5Bme*a00000Ab_NSQ~&?~VlHB7ZVCV(000000096P005mk-"
        "otj<0RR9100000000000000008mQ>1^@s600IC40ImQ40D}Pl0000"
    ),
    "7z -mem=AES128": (
        "P)h>@GXMbqV*uS#Z&&~T0021v005)`000F53jkp*ba-"
        "?DnFjy@06|3o2mo*d=&m3rR##YU!hXnX`7s{wVa^a3DLD{&lSP%_88UyW+y#ncjg}bw973N6MO$Ur4#TxU53YhxO9KQm0097F0Nq"
        "n>SO5S302BcL0003100jUG0Aem;X>I|T2LJ*9K}7)o08qkF3XRXpwm8D93%^(2wA$eUpsrzoE0b2`r5A5DBgrQzGv<QxygFK8Tu7"
        "3~y2*RCm$0|P3#EdvKDtdtB{b<9`WSsMecJ?HX!}C(XGWt%Kewf?Bm`gJ^F-9S7<si+Agh#;120+=-1O-"
        "LL=_kJsHb6vpm2|E@vt%|+p_IF`$%Z<Q>9h74sm8_mZl`>P}y714{tKz1{2L0I%-"
        "4e!h6df#yHmC+k`bNHHDUq4eCkodS7V{L|?gyTU&?qM3u13C*O&t|9<i(Tm<jDXJlH?ust6-"
        "{kT;%pTRWb&sFsxadOStO|`%~)I@fZ9GjngsZhcR+mMk4Ani?0p$nzNxy<Si!Q0+#$BFKb22e`@0zU&Y0097F0Nqn>SO5S30672v"
        "0Hgr`00jUq000000000WfTV!{0001CE_8Tw3IHGg000000RR{P0G&JD!*<#M000000000000000000000htE?0suip0SEw4O928u"
        "12X^t0Am2%Q*T%R0000K0RR910RR96051Rl0000003d**foA{!0Aem;X>JMtAOHXW000317ytmBJKn=~+5rFn000000000000000"
        "0004*2LJ*9K}7)o08mQ>1^@s600IC40K@<Q0I2~00000"
    ),
    "7z -mem=AES192": (
        "P)h>@GXMbqV*uS#Z&&~T002Dz005)`000F53jkp*ba-"
        "?DnFjy@06|3p2msh*K)=mJh^=$(XZ<k(sgN%U*pEDLj&w(w>j(U^b(TkQPP+2KZvjt?CFkQL-PeesL;3`34w!M$DS87?O9KQm009"
        "7F0Nqn>SO5S302l!P0003100jUG0Aem;X>I|T2LJ*9K}7-"
        "p06O@EE01vZyjg*Rio?(`!#X~m;uS2n^SK3Z)Lt?Bw#Bz*@IvF|9&}F1bF&%iBbT|-"
        "3#RGmmlQ|}%PCoJ=U(H`iqyd{EHWnILe;ojTNiXX;Q0tYg1(O+T+d<`^b-"
        "qeno5KgeTvMAT)Bc6<&ymAFZ@9`<@G4{X2gi=WT$Z75$@90Sq=#2;S4F@?|SXkRx7=Vm>g6UemfEOV%&ia3|Z*1$X4X}P#h)kc&V"
        "E#=wZX0p``+k|0#q=6Xo+l5(b+MQU%W7QEmIGPOwD<HhT0Ag~~d<8N(-U0@D<>fV)x-"
        "(#|3QiY7n=kk%5x=wcz36{R8X#t!Rb%938>!g&so?i4r7naoQpLF{JK!DKx^PEbn$0zU&Y0097F0Nqn>SO5S306hQz0Hgr`00jUq"
        "000000000WfTV!{0001CE_8Tw3IHGg000000RR{P0G&JD!*<#M000000000000000000000htE?0suip0tf(5O928u12X^t0Am2%"
        "Q*T%R0000O0RR910RR96051Rl0000003d**folK&0Aem;X>JMtAOHXW000317ytmBJKn=~+5rFn0000000000000000004*2LJ*9"
        "K}7-p08mQ>1^@s600IC40K@<Q0I>l80000"
    ),
    "7z -mem=AES256": (
        "P)h>@GXMbqV*uS#Z&&~T002P%005)`000F53jkp*ba-"
        "?DnFjy@06|3q2msK7uff0v4`e)hN`GG8c1{ijkz^rix&3mL_<yy2$N2rk<NvMaGT-"
        "9!g*8RO<kz3$`W(iV=oHaUXqnwfpF<W<O9KQm0097F0Nqn>SO5S302~1T0003100jUG0Aem;X>I|T2LJ*9K}7=q03#!A&(uw~UUI"
        "+IPzaLh(2o7S*(tZ(&9D$=vRObUgB>#8@*>CTH!BhZ9MB^Xb*sxie{0u?Dbk7b-4p(}U~lsk5&UV|ZZt|hSJwlT%-"
        "&Hbi6d}HN)4kN`P9SHs$LlJcJu+48Qx~jU(%dT>=o^=F=IpD?1!DVkA;a@Gyw!13P`Zm814|zxL%kZCL#|dy&F@h2T@}?THj@+T-"
        "SmC>x2kHPGk~#g&VM*!!<9Uzd%LGjEM%f?16oc;JCQu)qfFosI&c}7^Ns9hBTi)Wt3x2NL9>|Cl?0o?LiK6L0P8$IFaDcUyxCguC"
        ";?Tt6Qyj+Qlc^GYFc!aY*fbp@~htB8bbnaPn}`3kq@X9?Mguj~V4&Oi)V!0zU&Y0097F0Nqn>SO5S306_o%0Hgr`00jUq0000000"
        "00WfTV!{0001CE_8Tw3IHGg000000RR{P0G&JD!*<#M000000000000000000000htE?0suip0|)?6O928u12X^t0Am2%Q*T%R00"
        "00S0RR910RR96051Rl0000003d**fo}i+0Aem;X>JMtAOHXW000317ytmBJKn=~+5rFn0000000000000000004*2LJ*9K}7=q08"
        "mQ>1^@s600IC40K@<Q0J#AG0000"
    ),
    "7z -mem=AES256 -mm=BZip2": (
        "P)h>@GXMbqV*uS#Z&&~T003hE005)`000F53jkp*ba-"
        "?DnFjy@06|3q3;^$6s_J1SXp0Wm`i#k+o|EfhR+>9#6iyOF?+g#J^&{jfLLy2wxo=V+6Is5bCjRN<X=|aL%&lyZe%v-"
        "n+w@}%lQ|K_v~EdJgR4iBMo$w70xO4({sa9I#&oa%DntW`EKo}W1Tz2u0Am2%Q*T%R0000S0RR910RR9601E(OE@EkJ0htE?0sui"
        "p0{{TAZk!NEgTex}cTfrRJ5bg&d{VE%^Ukd{Tn_HJ3`Aht=D}n<{VNSmm0Co+GPEfzOe4BZvSTfDiY}tH13gaCpha6xNoIx=IQ)K"
        "ws8_%?;1s((6qdDu{x_52u0{q;t@Fh7u7r>AEI>`cL?OU__xqFVAvSHwKjYX5jLt74ym;|^%V31vntS`<#3l&curHqbCxgje7ju^"
        "wCA)uuD61PKr<X0`G5ogBXlU3;>9CO{H8$yg6R>{7``KwK1t3~hgdVK#(KXe*)p3xvWh<4+FT<_NJx)_9G_)g*Eh2)PFjYLOUCwH"
        "sG;6*8OZWzw$L7``n+#*TP3g57CVSQrQ0n&fy@`v!!P;~%A#5K?c49069s3bbO928u12X^t0Am2%Q*T%R0001E0001_0RR96051R"
        "l0000003d**fdBvi0AVh4cytN?AOHXW000317ytmBJKn=~+5rFn0000000000000000004*2LJ*9K}7=$08mQ-"
        "0zU&Y0097F0Nqn>SO5S302~1T0003100jUq000000000WfTV$u0001DE@EkJ3IHGg000000RR{P0G&JD!*<#M000000000000000"
        "000000htE?0suip0{{R}O9ci10000200IES0002n0RR9100"
    ),
    "zip -P": (
        "P)h>@6aWbT2mswvZ&)|C7}_WR005)`000F58~|Z1ba-"
        "@CR0#kBVk7irhY<m5b$AN^0R#X5000C40002rwxNopIGs2;POnRrYrf!0I6w49;l&fZ>62Yk>SiwP2mynbpzyj-"
        "O9u!yw;0+e0001_0RR9{O9KQ700{s90Nqn>SaXa8DGUJs0003100jUX0Aem;X>L_i2>=6PBlKm55dmv;cnbgl1ONa400aO4008E)"
        "PnhVG-Wj-E_NL>NEJ!tXiy{kNy%r99t(W`#GGT?=c{om*RrG8kiyL!r7WCkMT(Z6WGQ=*S6?de7aOi8jWR7Bl5>}pG#AlhDrF5g<"
        "2jyxnT(c?0>$A6Yk-=OFaQRvD(sCAlkuG&_x=-rSnEiIP^e|}*UPw_-et?MZad$uA5g$I`Y<Ar0;dx_>eQ3+>EavkhVXt`|l?ik)"
        "VFLjGxl3&AO&NZwtVxrZc57LUBnnCR1kEYSbZmcAFLkh^H6^YSMGh+dFKIhq>vV9O^qCJVr0lwN;VY8L++U?^+SRrObOk|2v~r`("
        "OVk1uLi-m)TbZ%Cpbei#&PTQ!-urDXRvJ)C2MBYF1t|;x00001002-"
        "+0RkQa6aWbT2mswvZ&)|C7}_WR005)`000F57ytkO00031005+c00000VJ>udbX8OZ00Uwp^ksE;3jhHG000001ONa408mQ-0v-"
        "bj00{s90Nqn>SaXa8DGUJs0003100jUT00000000000HlF;0001DE@EkJRa6B417aieWp#K9009I50000400000P)h{{000000ss"
        "O4mH+?%(g6Sf000"
    ),
    "zip -P -fd": (
        "P)h>@6aWbT2mswvZ&&~T-BSPn005)`000F58~|Z1ba-"
        "@CR0#kBVk7irhY<m5b$AN^0R#X5000C40002_k{fWS<a@*uC$08z8{NVqm1-"
        "D*3A!u64$;}!WNTjxB^BEZxD<#`O9u!yw;0+e0001_0RR9{O9KQH00{sH0Nqn>SO5UsQvd(}0003100jUX0Aem;X>L_i2>=6PBlK"
        "m55dmv;cnbgl1ONa400aO4003X%KP#1cR+~s5UY||j0L#4j^6wMWDN=-C68si(DbBJvXqrck-VVcy(atv-Rzdt!<-"
        "DsBst+pBur?ZM5qrB=J8B$Q73=OEl0{8@7$+>`61iis^I(-q+2{7h!2&K}J70fKM2D@DE^fpilK!>^Lu#j-"
        "r=K3&mcLGuBR1r$EaRR=0T1>oo&x-"
        "!siYED@~kC9alOu=QvZG*iP_nUqHri~`{aM)Jix4A0&IKZM4S>FWu1`W2V~!OF~F%bNguc|5|r>pGELX+!K{jY+5fd|T5Fhao-fC"
        "|A*|6^F1`9kCu%TZkycJkIPYAbUg#AqavN(ZVome2@G4eeGzPH?PDDqqMTsYJ+`q+8O9u#Zj0GtX0RR910RR9{O928N0~7!W00;o"
        "xQ*T%|w;0+e0001_0RR9602lxO000010001_fdBvi0AVh4cyv`%1potLBlKl;cnbgl1ONa400aO4002-+0RkQa6aWbT2mswvZ&-"
        "7T1t}2$00001000F57ytkO00000005+ccK`qYVlHB7ZdFtT00Uwp^ksE;3jhHG000001ONa408mQ>1^@s600IC40G0p%0M`Kk000"
        "0"
    ),
}


def archive(made_by: str) -> bytes:
    """The archive that the program with these options made."""
    return base64.b85decode(_ARCHIVES[made_by])


#: By method alone, and encrypted ones.
METHODS = ("7z -mm=Deflate64", "7z -mm=BZip2", "7z -mm=LZMA", "7z -mm=xz")
ENCRYPTED = (
    "7z -mem=ZipCrypto", "7z -mem=AES128", "7z -mem=AES192", "7z -mem=AES256", "7z -mem=AES256 -mm=BZip2", "zip -P",
    "zip -P -fd",
)  # fmt: skip
UNREADABLE = "7z -mm=PPMd"
